// SPDX-License-Identifier: Apache-2.0
package ukko.oracle;

/** Every field shape through jackson-cbor. */
public final class EveryCbor extends EveryFields implements CborMessage {}
