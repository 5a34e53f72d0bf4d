# ebb_warnings: link it PRIVATE to every target of this repository, and to nothing that users link.
add_library(ebb_warnings INTERFACE)
target_compile_options(ebb_warnings INTERFACE
  -Wall -Wextra -Wconversion -Wshadow -Wundef
  # The sanitizers' builds compile several sources as one: what is shadowed may be another one's.
  $<$<BOOL:${EBB_SANITIZE}>:-Wno-shadow>
  $<$<BOOL:${EBB_WERROR}>:-Werror>)
