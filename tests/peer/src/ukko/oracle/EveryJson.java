// SPDX-License-Identifier: Apache-2.0
package ukko.oracle;

/** Every field shape through jackson-json. */
public final class EveryJson extends EveryFields implements JsonMessage {}
