// What text is written into with <<: a type with `name` and write(pieces, use), which makes a stream, calls
// `pieces` with it and `use` with a view of the text, and destroys it.
#pragma once

#include <ebb/calibrated_buffer_pool.hpp>
#include <ebb/pooled_stream.hpp>
#include <ostream>
#include <sstream>

namespace bench {

class ebb_stream {
 public:
  static constexpr const char* name = "ebb_ostream";
  template <class Pieces, class Use>
  void write(Pieces pieces, Use use) {
    ebb::pooled_ostream text(pool_);
    pieces(text);
    use(text.view());
  }

 private:
  ebb::calibrated_buffer_pool pool_;
};

// The same for code that knows nothing but std::ostream.
class ebb_as_ostream {
 public:
  static constexpr const char* name = "ebb_as_ostream";
  template <class Pieces, class Use>
  void write(Pieces pieces, Use use) {
    ebb::pooled_ostream text(pool_);
    pieces(static_cast<std::ostream&>(text));
    use(text.view());
  }

 private:
  ebb::calibrated_buffer_pool pool_;
};

struct std_stream {
  static constexpr const char* name = "std_ostringstream";
  template <class Pieces, class Use>
  void write(Pieces pieces, Use use) {
    std::ostringstream text;
    pieces(text);
    use(text.view());
  }
};

}  // namespace bench
