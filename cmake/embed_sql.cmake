# cmake -DMODE=stmts|migrations -DDIR=<folder of .sql> -DOUT=<file without ending> -P embed_sql.cmake
# Turns SQL files into C text. A script and not a host program: it runs the same in every preset
# (sanitizers and fuzzing change how C programs of the build behave).
file(GLOB files "${DIR}/*.sql")
list(SORT files)

set(names "")
set(rows "")
foreach(file IN LISTS files)
  get_filename_component(name "${file}" NAME_WE)
  string(TOUPPER "${name}" upper)
  file(READ "${file}" text)
  string(STRIP "${text}" text)
  string(REPLACE "\\" "\\\\" text "${text}")
  string(REPLACE "\"" "\\\"" text "${text}")
  string(REPLACE "\n" "\\n\"\n\t  \"" text "${text}")
  string(APPEND names "\tSTMT_${upper},\n")
  string(APPEND rows "\t{ \"${name}\",\n\t  \"${text}\" },\n")
endforeach()

if(MODE STREQUAL "stmts")
  file(WRITE "${OUT}.h" "#pragma once\n/* made from sql/queries */\nenum stmt {\n${names}\tSTMT_COUNT\n};\n")
  set(include "#include \"daemon/store/stmt_rows.h\"")
  set(table "const struct sql_text stmt_rows[] = {\n${rows}};\nconst size_t stmt_rows_len = ARRAY_LEN(stmt_rows);")
else()
  set(include "#include \"daemon/store/stmt_rows.h\"")
  set(table "const struct sql_text migration_rows[] = {\n${rows}};\nconst size_t migration_rows_len = ARRAY_LEN(migration_rows);")
endif()
file(WRITE "${OUT}.c" "/* made from SQL files */\n${include}\n#include \"shared/base/macros.h\"\n\n${table}\n")
