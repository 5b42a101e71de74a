# embed_text(TARGET NAME FILE): FILE becomes `extern const char NAME[]` (NUL-terminated) with
# `extern const size_t NAME_len`, in "embedded/NAME.h".
function(embed_text target name file)
  set(dir ${CMAKE_CURRENT_BINARY_DIR}/embedded-gen/embedded)
  get_filename_component(file ${file} ABSOLUTE)
  add_custom_command(
    OUTPUT ${dir}/${name}.c ${dir}/${name}.h
    COMMAND ${CMAKE_COMMAND} -DNAME=${name} -DFILE=${file} -DDIR=${dir}
            -P ${PROJECT_SOURCE_DIR}/cmake/embed_file.cmake
    DEPENDS ${file} ${PROJECT_SOURCE_DIR}/cmake/embed_file.cmake
    VERBATIM)
  target_sources(${target} PRIVATE ${dir}/${name}.c ${dir}/${name}.h)
  target_include_directories(${target} PRIVATE ${CMAKE_CURRENT_BINARY_DIR}/embedded-gen)
endfunction()
