# SPDX-License-Identifier: Apache-2.0
file(READ ${IN} hex HEX)
string(LENGTH "${hex}" n)
math(EXPR n "${n} / 2")
string(REGEX REPLACE "(................................)" "\\1\n" hex "${hex}")
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
file(WRITE ${OUT} "#include <stddef.h>\nextern const unsigned char uk_reference_conf[];\nextern const size_t uk_reference_conf_len;\nconst unsigned char uk_reference_conf[] = {${bytes}0};\nconst size_t uk_reference_conf_len = ${n};\n")
