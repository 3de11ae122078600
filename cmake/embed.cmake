# SPDX-License-Identifier: Apache-2.0
# -DIN=FILE -DOUT=FILE.c [-DNAME=symbol]: the bytes of a file as NAME[] and NAME_len.
if(NOT NAME)
  set(NAME uk_reference_conf)
endif()
file(READ ${IN} hex HEX)
string(LENGTH "${hex}" n)
math(EXPR n "${n} / 2")
string(REGEX REPLACE "(................................)" "\\1\n" hex "${hex}")
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
file(WRITE ${OUT} "#include <stddef.h>\nextern const unsigned char ${NAME}[];\nextern const size_t ${NAME}_len;\nconst unsigned char ${NAME}[] = {${bytes}0};\nconst size_t ${NAME}_len = ${n};\n")
