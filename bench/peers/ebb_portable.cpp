// ebbpool's portable path, beside the other in one process: compiled, like the library that it is linked
// with, with EBB_HAS_RSEQ=0 and with the name of the namespace ebb replaced (CMakeLists.txt).
#include "harness/object_peer.hpp"
#include "systems/ebb_pool.hpp"

namespace bench {

namespace {

struct portable_path;
const object_peer<ebb_pool<portable_path>> object_pool{{.name = "ebb_portable"}};

}  // namespace

}  // namespace bench
