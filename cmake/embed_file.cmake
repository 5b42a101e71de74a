# Writes DIR/NAME.c and DIR/NAME.h from FILE; see embed.cmake.
file(READ ${FILE} hex HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
string(REGEX REPLACE "((0x..,){24})" "\\1\n" bytes "${bytes}")
file(WRITE ${DIR}/${NAME}.h
  "#pragma once\n#include <stddef.h>\nextern const char ${NAME}[];\nextern const size_t ${NAME}_len;\n")
file(WRITE ${DIR}/${NAME}.c
  "#include \"embedded/${NAME}.h\"\nconst char ${NAME}[] = {\n${bytes}0x00};\nconst size_t ${NAME}_len = sizeof(${NAME}) - 1;\n")
