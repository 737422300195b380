#include "cli/options.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>
#include <string_view>

#include "cli/exit_codes.h"
#include "core/scan.h"

namespace xic::cli {
namespace {

constexpr std::string_view kExamples =
    "Examples:\n"
    "  xen-iommu-check\n"
    "      judge the host it runs on: dom0, best as root\n"
    "  xen-iommu-check capture --mask host1.tar.gz\n"
    "      record what dom0 can tell, with names and addresses replaced\n"
    "  xen-iommu-check --capture host1.tar.gz --json\n"
    "      judge a folder or archive of saved `xl dmesg`, `xl info`, `xenstore-ls -f` ...\n"
    "  xen-iommu-check explain '(XEN) smmu: /smmu@fd800000: Unhandled context fault: ...'\n"
    "      decode a fault line in words\n"
    "\n"
    "Exit status of check: 0 fine, 1 warning, 2 affected, 3 unknown; 64 usage, 69 unavailable,\n"
    "70 internal error, 74 unreadable input, 77 permission (with --format nagios: 3 instead).";

const std::map<std::string, Format> kFormats = {
    {"text", Format::text},     {"json", Format::json},        {"prometheus", Format::prometheus},
    {"nagios", Format::nagios}, {"short", Format::short_line}, {"html", Format::html}};
const std::map<std::string, Wakeup> kWakeups = {{"timer", Wakeup::timer}, {"virq", Wakeup::virq}};
const std::map<std::string, Record> kRecords = {{"off", Record::off},
                                                {"after-first-fault", Record::after_first_fault},
                                                {"always", Record::always}};
const std::map<std::string, Color> kColors = {
    {"auto", Color::automatic}, {"always", Color::always}, {"never", Color::never}};

/// One of these words. CLI11's own CheckedTransformer would take the enumerators' numbers as well,
/// and print them as bytes in its complaint.
template <class Value>
CLI::Validator one_of(const std::map<std::string, Value>& words) {
  const auto choose = [&words](std::string& word) {
    const auto found = words.find(word);
    if (found != words.end()) {
      word = std::to_string(static_cast<unsigned>(found->second));
      return std::string();
    }
    std::string known;
    for (const auto& [name, value] : words) known += (known.empty() ? "" : ", ") + name;
    return "'" + word + "' is none of " + known;
  };
  return CLI::Validator(choose, "");
}

/// What CLI11 cannot express: which options fit together. "" where all is well.
std::string contradiction(const Options& options) {
  if (!options.image.empty() && (!options.logs.empty() || !options.capture.empty())) {
    return "--image cannot be combined with --log or --capture: it is about another thing, a "
           "hypervisor that need not be the one that printed them";
  }
  if (std::count(options.logs.begin(), options.logs.end(), "-") > 1) {
    return "standard input can be read only once (--log -)";
  }
  if (options.verb == Verb::report && options.format != Format::html) {
    return "report writes a page (html); for other formats: check --format NAME --output FILE";
  }
  if (!options.diff.empty()) {
    if (options.verb != Verb::check) return "--diff belongs to check";
    if (!options.logs.empty() || !options.capture.empty() || !options.image.empty()) {
      return "--diff compares two reports; it judges nothing itself";
    }
    if (options.format != Format::text && options.format != Format::json) {
      return "--diff knows --format text and json only";
    }
  }
  if (options.verb != Verb::check && options.verb != Verb::report &&
      options.format != Format::text && options.format != Format::json) {
    return "this verb knows --format text and json only";
  }
  const bool input_given =
      !options.logs.empty() || !options.capture.empty() || !options.image.empty();
  if (options.verb == Verb::status && input_given) {
    return "status asks the daemon; --state FILE reads another one's state";
  }
  if ((options.verb == Verb::capture || options.verb == Verb::watch) && input_given) {
    return "this verb asks the running host; --log, --capture and --image are recorded already";
  }
  if (options.verb == Verb::watch && !options.output.empty()) {
    return "watch writes to standard output";
  }
  if (options.verb == Verb::capture &&
      (!options.output.empty() || options.format == Format::json)) {
    return "capture F names what it writes";
  }
  const bool of_a_text = options.verb == Verb::explain && !explained_address(options);
  if (options.dump && (input_given || of_a_text)) {
    return "--dump asks the running host";
  }
  if (!options.history.empty() && (input_given || options.dump)) {
    return "--history asks the flight recorder of the running host";
  }
  if (options.probe &&
      (input_given || (options.verb != Verb::check && options.verb != Verb::report &&
                       options.verb != Verb::capture))) {
    return "--probe is for check, report and capture, of the running host";
  }
  if (options.verb == Verb::explain && input_given && !explained_address(options)) {
    return "explain takes its text as an argument, or from standard input (explain -); only an "
           "address (0x...) is looked for in --log or --capture";
  }
  return {};
}

}  // namespace

std::optional<Iova> explained_address(const Options& options) {
  if (options.subject.size() != 1) return std::nullopt;
  std::string_view text = options.subject.front();
  if (!text.starts_with("0x")) return std::nullopt;
  const auto address = scan::take_hex(&text);
  if (!address || !text.empty()) return std::nullopt;
  return Iova{*address};
}

std::variant<Options, Message> parse_options(int argc, const char* const* argv,
                                             const VersionText& version) {
  Options options;
  CLI::App app(
      "Explains IOMMU faults on Xen, and says whether this hypervisor fails to map granted "
      "pages\ninto dom0's IOMMU (XIC-1001).",
      "xen-iommu-check");
  app.set_help_flag("-h,--help", "Print this help and exit");
  app.set_version_flag(
      "--version", "xen-iommu-check " + version.version + "\nknowledge " + version.knowledge_date,
      "Print the versions of program and knowledge and exit");
  app.footer(std::string(kExamples));
  app.require_subcommand(0, 1);

  const std::string input = "Input";
  app.add_option("--log", options.logs,
                 "Console, serial or dom0 kernel log; '-' is standard input\n"
                 "(repeatable: texts of one host)")
      ->type_name("FILE")
      ->allow_extra_args(false)
      ->group(input);
  app.add_option("--capture", options.capture,
                 "Folder or .tar[.gz|.xz] of saved outputs, recognised by content")
      ->type_name("PATH")
      ->group(input);
  app.add_option("--image", options.image, "Hypervisor binary: raw arm64, EFI, ELF, gzip")
      ->type_name("FILE")
      ->group(input);

  app.add_option("--diff", options.diff,
                 "What changed between two JSON reports of check, for roll-outs")
      ->type_name("A B")
      ->expected(2)
      ->group(input);

  const std::string host = "Running host";
  app.add_flag("--dump", options.dump,
               "Dump the grant tables (debug key 'g') however long that is;\n"
               "without it only where at most 200 entries are expected")
      ->group(host);
  app.add_flag("--probe", options.probe,
               "Prove it: read pages that dom0 has mapped from guests\n"
               "through their machine address (root; see docs/probe.md)")
      ->group(host);
  app.add_option("--timeout", options.timeout, "Seconds to ask for (default 30)")
      ->check(CLI::Range(1, 3600).description(""))
      ->type_name("N")
      ->group(host);
  app.add_option("--sysroot", options.sysroot,
                 "Folder that stands before /proc, /sys and /dev/kmsg (in a container)")
      ->type_name("DIR")
      ->group(host);

  const std::string output = "Output";
  bool json = false;
  auto* format = app.add_option("--format", options.format,
                                "text (default), json, prometheus, nagios, short or html")
                     ->transform(one_of(kFormats))
                     ->type_name("NAME")
                     ->group(output);
  app.add_flag("--json", json, "The same as --format json")->group(output);
  app.add_option("--output", options.output, "Write to FILE, whole or not at all")
      ->type_name("FILE")
      ->group(output);
  app.add_option("--color", options.color, "auto (default), always or never; NO_COLOR is respected")
      ->transform(one_of(kColors))
      ->type_name("WHEN")
      ->group(output);
  app.add_flag("--ascii", options.ascii, "Plain ASCII instead of symbols")->group(output);
  app.add_option("--width", options.width, "Columns of text output (40 to 400)")
      ->check(CLI::Range(40, 400).description(""))
      ->type_name("N")
      ->group(output);

  auto* check = app.add_subcommand("check", "The verdict (default)");
  auto* explain = app.add_subcommand("explain", "Explain a cause or a pasted fault line");
  explain
      ->add_option("X", options.subject,
                   "Cause id (XIC-1001), fault line, '-' for standard input, or\n"
                   "a fault's address (0x8424cb148): how its owner was found")
      ->type_name("")
      ->required();
  auto* grants = app.add_subcommand("grants", "Which frames are granted to dom0, and by whom");
  grants
      ->add_option(
          "--history", options.history,
          "What the flight recorder has of a frame (0x62cb1) or a\ndomain (2, d2, its name)")
      ->type_name("WHAT");
  auto* report =
      app.add_subcommand("report", "The verdict and all that led to it, as an HTML page");
  std::string page;
  report->add_option("F", page, "File to write, '-' for standard output")
      ->type_name("")
      ->required();
  auto* status =
      app.add_subcommand("status", "Is the daemon alive, what has it seen, what has it missed");
  status->add_option("--state", options.state_file, "State file to read instead of the daemon's")
      ->type_name("FILE");
  auto* capture = app.add_subcommand("capture", "Record what the running host tells");
  std::string target;
  capture->add_option("F", target, "Folder, or .tar.gz, to make")->type_name("")->required();
  capture->add_flag("--mask", options.mask,
                    "Replace names, MAC and IP addresses and UUIDs, the same by the same");
  auto* watch = app.add_subcommand("watch", "Faults as they come, until Ctrl-C; --json: NDJSON");
  watch
      ->add_option(
          "--wakeup", options.wakeup,
          "timer (default: 1 s, 20 ms while faults arrive), or virq: Xen's console event,\n"
          "which only one process of dom0 can have")
      ->transform(one_of(kWakeups))
      ->type_name("WHAT");
  watch
      ->add_option("--recorder", options.record,
                   "Have dom0's kernel record who maps which grant: off, after-first-fault\n"
                   "(default) or always; names guests whose grants live for milliseconds")
      ->transform(one_of(kRecords))
      ->type_name("WHEN");
  for (CLI::App* verb : {check, explain, grants, report, capture, watch, status}) {
    verb->fallthrough();
    verb->footer("Options of input and output: xen-iommu-check --help");
  }

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success)) {
      const bool is_version = dynamic_cast<const CLI::CallForVersion*>(&error) != nullptr;
      return Message{is_version ? std::string(error.what()) + '\n' : app.help(), kExitOk};
    }
    return Message{std::string(error.what()), kExitUsage};
  }
  if (explain->parsed()) options.verb = Verb::explain;
  if (grants->parsed()) options.verb = Verb::grants;
  if (status->parsed()) options.verb = Verb::status;
  if (watch->parsed()) options.verb = Verb::watch;
  if (capture->parsed()) {
    options.verb = Verb::capture;
    options.subject = {target};
  }
  if (report->parsed()) {
    if (!options.output.empty()) return Message{"report F names its file; no --output", kExitUsage};
    options.verb = Verb::report;
    if (page != "-") options.output = page;
    if (format->count() == 0 && !json) options.format = Format::html;
  }
  if (json) {
    if (format->count() != 0 && options.format != Format::json) {
      return Message{"--json contradicts --format", kExitUsage};
    }
    options.format = Format::json;
  }
  if (auto problem = contradiction(options); !problem.empty()) {
    return Message{std::move(problem), kExitUsage};
  }
  return options;
}

bool wants_nagios(int argc, const char* const* argv) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--format=nagios") return true;
    if (argument == "--format" && i + 1 < argc && std::string_view(argv[i + 1]) == "nagios") {
      return true;
    }
  }
  return false;
}

}  // namespace xic::cli
