// The live page, as cmake/embed_page.cmake joins it from src/inspector/page/.
#pragma once

#include <string_view>

namespace ebb::detail {

[[nodiscard]] std::string_view inspector_page() noexcept;

}  // namespace ebb::detail
