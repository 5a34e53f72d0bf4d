// Memory pressure: pools give way when the machine, or the process's own group, is short of memory.
#pragma once

#include <cstdint>
#include <functional>

#include <ebb/detail/config.hpp>

namespace ebb {

/// How short memory is.
enum class pressure_level : std::uint8_t {
  low,     ///< not at all: cycles follow their clock.
  medium,  ///< somebody waits for memory: one cycle at once, and then as the clock says.
  high,    ///< nearly none is left: two cycles at once, which leave nothing idle, and until it is over
           ///< nothing that is put stays.
};

/// Returns      the name, as it is written above.
[[nodiscard]] constexpr const char* to_string(pressure_level level) noexcept {
  return level == pressure_level::low ? "low" : level == pressure_level::medium ? "medium" : "high";
}

/// Reports a level of the program's own: on other platforms, or from signals that only it knows. What is in
/// force is the higher of this and of what the kernel says. It stays until the next report.
/// Throws       nothing.
/// Threads      safe from any thread, also from an object's destructor and from on_pressure_change()'s
///              function; not from a signal handler. When it raises the level, the cycles run on the
///              calling thread, with their destructors, before it returns; or on the one that is changing
///              the level already, which then sees this report, too.
/// Cost         a mutex; when the level rises, collect() once or twice, and set_trim()'s function.
/// Unlike Go    Go has no such call.
EBB_API void report_pressure(pressure_level level) noexcept;

/// Returns      the level in force.
/// Throws       nothing.
/// Threads      safe from any thread.
/// Cost         a relaxed load.
[[nodiscard]] EBB_API pressure_level pressure() noexcept;

/// Sets what is called when the level in force changes, after the cycles that follow from it; an empty
/// function calls nothing. Replaces the one before, which has returned and is destroyed when this returns.
/// Throws       std::bad_alloc. An exception of `changed` ends the program.
/// Threads      safe from any thread; not from within `changed`, which would wait for itself. It runs on
///              the collector's thread or inside report_pressure(), never two at a time.
/// Cost         a mutex, and the wait for the function before if it runs just now.
EBB_API void on_pressure_change(std::function<void(pressure_level now, pressure_level before)> changed);

/// Sets whether the library listens to the kernel: it does (Linux), unless this, or EBB_PRESSURE=off in the
/// environment, says otherwise. It listens while the collector's thread runs: from the first puts on, and
/// not while the period is 0. runtime_info().pressure_source says to what, docs/memory_pressure.md how
/// levels come about.
/// Throws       nothing.
/// Threads      safe from any thread. Switched off, what the kernel has said is forgotten, soon after.
/// Cost         a store, and the collector's thread is woken.
EBB_API void watch_pressure(bool watch) noexcept;

}  // namespace ebb
