// The command line.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/types.h"

namespace xic::cli {

enum class Verb : std::uint8_t { check, explain, grants, report, capture, watch, status };
enum class Format : std::uint8_t { text, json, prometheus, nagios, short_line, html };
enum class Color : std::uint8_t { automatic, always, never };

/// What wakes `watch` between its looks.
enum class Wakeup : std::uint8_t { timer, virq };
/// When `watch` has dom0's kernel record who maps which grant.
enum class Record : std::uint8_t { off, after_first_fault, always };

struct Options {
  Verb verb = Verb::check;
  std::vector<std::string> logs;
  std::string capture;
  std::string image;
  std::string state_file;            ///< Of the daemon; "" = where it publishes it.
  std::vector<std::string> diff;     ///< Two JSON reports to compare, or none.
  std::vector<std::string> subject;  ///< What to explain, or where to write a capture.
  std::string history;               ///< Frame or domain whose recorded mappings to list; "": none.
  std::string sysroot;               ///< Stands before /proc, /sys and /dev/kmsg; "" as a rule.
  int timeout = 30;                  ///< Seconds for asking the running host.
  bool dump = false;                 ///< Dump grant tables of any size.
  bool probe = false;                ///< Ask the hypervisor itself, by a load.
  bool mask = false;
  Wakeup wakeup = Wakeup::timer;
  Record record = Record::after_first_fault;
  Format format = Format::text;
  std::string output;  ///< "" = standard output.
  Color color = Color::automatic;
  bool ascii = false;
  int width = 0;  ///< 0 = of the terminal.
};

/// "0x8424cb148": explain the faults at this address's page, of the input or of the running host.
[[nodiscard]] std::optional<Iova> explained_address(const Options& options);

/// Nothing to do but to print this and go: help, the version, or a usage error.
struct Message {
  std::string text;
  int exit_code = 0;
};

/// The program's version and the date of its knowledge, for --version.
struct VersionText {
  std::string version;
  std::string knowledge_date;
};

[[nodiscard]] std::variant<Options, Message> parse_options(int argc, const char* const* argv,
                                                           const VersionText& version);

/// Nagios output was asked for, as far as a command line tells that could not be parsed.
[[nodiscard]] bool wants_nagios(int argc, const char* const* argv);

}  // namespace xic::cli
