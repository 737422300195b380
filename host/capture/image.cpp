#include "host/capture/image.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "host/capture/archive.h"
#include "host/capture/file.h"
#include "host/sources.h"

namespace xic {
namespace {

using namespace std::literals;

/// Xen is 1 to 3 MiB, with symbols and debug information some tens.
constexpr std::size_t kMaxImage = std::size_t{128} * 1024 * 1024;
constexpr std::size_t kMaxString = 256;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_printable(char c) {
  return c >= 0x20 && c < 0x7f;
}
bool is_hex(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f');
}

/// Digits from `at`, little endian, `size` bytes; 0 past the end.
std::uint32_t little_endian(std::string_view bytes, std::size_t at, std::size_t size) {
  if (at > bytes.size() || bytes.size() - at < size) return 0;
  std::uint32_t value = 0;
  for (std::size_t i = size; i-- > 0;) {
    value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
  }
  return value;
}

/// Calls `take` with the offset behind each `mark` until it returns true. An image made of nothing
/// but marks would cost their number times the length of a string: no real one has that many.
template <class Take>
void find_first(std::string_view image, std::string_view mark, const Take& take) {
  constexpr int kMaxCandidates = 16384;
  std::size_t at = image.find(mark);
  for (int i = 0; i < kMaxCandidates && at != std::string_view::npos; ++i) {
    if (take(at + mark.size())) return;
    at = image.find(mark, at + mark.size());
  }
}

// ---- strings ------------------------------------------------------------------------------------

/// The printable text around `at`, ended by NUL on both sides, or "" where it is not printable.
std::string_view c_string_around(std::string_view image, std::size_t at) {
  std::size_t begin = at;
  while (begin > 0 && at - begin < kMaxString && is_printable(image[begin - 1])) --begin;
  std::size_t end = at;
  while (end < image.size() && end - at < kMaxString && is_printable(image[end])) ++end;
  const bool framed =
      (begin == 0 || image[begin - 1] == '\0') && end < image.size() && image[end] == '\0';
  return framed ? image.substr(begin, end - begin) : std::string_view{};
}

/// The string before the one that begins at `begin`, over the padding between them.
std::string_view previous_string(std::string_view image, std::size_t begin) {
  constexpr std::size_t kMaxPadding = 16;
  std::size_t end = begin;
  while (end > 0 && begin - end < kMaxPadding && image[end - 1] == '\0') --end;
  return end == 0 || end == begin ? std::string_view{} : c_string_around(image, end - 1);
}

std::string_view next_string(std::string_view image, std::size_t end) {
  constexpr std::size_t kMaxPadding = 16;
  std::size_t begin = end;
  while (begin < image.size() && begin - end < kMaxPadding && image[begin] == '\0') ++begin;
  return begin == image.size() || begin == end ? std::string_view{} : c_string_around(image, begin);
}

std::size_t offset_in(std::string_view image, std::string_view part) {
  return static_cast<std::size_t>(part.data() - image.data());
}

/// "4.14.1-pre" at the start of `text`: what parse_version takes, as text.
std::optional<std::string> leading_version(std::string_view text) {
  const auto version = parse_version(text.substr(0, kMaxString));
  if (!version) return std::nullopt;
  return version->text();
}

// ---- the loader's greeting ----------------------------------------------------------------------

/// u"Xen 4.14.1 (c/s Thu Dec 17 ... git:ad844aa352) EFI loader" (common/efi/boot.c): in every arm64
/// image, which carries an EFI stub whether or not it is booted by one.
void find_loader_banner(std::string_view image, ImageIdentity* found) {
  constexpr std::string_view kChangeset = " (c/s ";
  constexpr std::string_view kEnd = ") EFI loader";
  find_first(image, "X\0e\0n\0 \0"sv, [&](std::size_t at) {
    std::string text;
    for (; at + 1 < image.size() && text.size() < kMaxString; at += 2) {
      if (image[at + 1] != '\0' || !is_printable(image[at])) break;
      text.push_back(image[at]);
    }
    const std::size_t changeset = text.find(kChangeset);
    if (changeset == std::string::npos || !text.ends_with(kEnd)) return false;
    found->version = leading_version(text);
    if (!found->version) return false;
    const std::size_t begin = changeset + kChangeset.size();
    found->changeset = text.substr(begin, text.size() - kEnd.size() - begin);
    return true;
  });
}

// ---- plain text ---------------------------------------------------------------------------------

/// " Xen 4.14.1\n": the banner of a build without figlet.
void find_plain_banner(std::string_view image, ImageIdentity* found) {
  find_first(image, "\0 Xen "sv, [&](std::size_t at) {
    const std::string_view rest = image.substr(at, kMaxString);
    const std::size_t end = rest.find_first_of("\n\0"sv);
    if (end == std::string_view::npos) return false;
    const auto version = leading_version(rest.substr(0, end));
    if (version && version->size() == end) found->version = version;
    return found->version.has_value();
  });
}

/// "xen,xen-4.17": the compatible string Xen puts into its guests' device trees. Major and minor
/// only.
std::optional<std::string> find_compatible(std::string_view image) {
  std::optional<std::string> version;
  find_first(image, "xen,xen-", [&](std::size_t at) {
    version = leading_version(image.substr(at, 16));
    return version.has_value();
  });
  return version;
}

bool looks_like_compiler(std::string_view text) {
  return !text.empty() && text.find('%') == std::string_view::npos &&
         (text.find("gcc (") != std::string_view::npos || text.starts_with("gcc") ||
          text.find("-gcc ") != std::string_view::npos ||
          text.find("clang version ") != std::string_view::npos) &&
         std::any_of(text.begin(), text.end(), is_digit);
}

/// common/version.c keeps date, time, by, domain, compiler, extra version and changeset as literals
/// one after the other; Debian's patch puts the vendor before "by" and the package version before
/// the compiler.
void take_neighbours(std::string_view image, std::string_view compiler, ImageIdentity* found) {
  found->compiler = compiler;
  const auto before = [&](std::string_view text) {
    return text.empty() ? text : previous_string(image, offset_in(image, text));
  };
  std::string_view domain = before(compiler);
  if (leading_version(domain)) {
    found->package = domain;
    domain = before(domain);
    const std::string_view vendor = before(before(domain));
    if (!vendor.empty() && vendor.find(' ') == std::string_view::npos) found->vendor = vendor;
  }
  const std::string_view by = before(domain);
  // "16:52:28" before the compiler: both are empty there.
  if (!domain.empty() && domain.find(':') == std::string_view::npos) {
    found->compile_domain = domain;
    if (by.find(':') == std::string_view::npos) found->compile_by = by;
  }
  const std::string_view extra = next_string(image, offset_in(image, compiler) + compiler.size());
  if (found->version || !(extra.starts_with('.') || extra.starts_with('-'))) return;
  if (const auto compatible = find_compatible(image)) {
    found->version = leading_version(*compatible + std::string(extra));
  }
}

void find_compile_info(std::string_view image, ImageIdentity* found) {
  for (const std::string_view mark : {"gcc"sv, "clang version "sv}) {
    find_first(image, mark, [&](std::size_t at) {
      const std::string_view text = c_string_around(image, at - 1);
      if (!looks_like_compiler(text)) return false;
      take_neighbours(image, text, found);
      return true;
    });
    if (found->compiler) return;
  }
}

/// "Thu Dec 17 17:47:25 2020 +0100 git:ad844aa352-dirty"
void find_changeset(std::string_view image, ImageIdentity* found) {
  find_first(image, " git:", [&](std::size_t at) {
    const std::string_view hash = image.substr(at, 64);
    const auto digits =
        static_cast<std::size_t>(std::find_if_not(hash.begin(), hash.end(), is_hex) - hash.begin());
    const std::string_view text = c_string_around(image, at - 1);
    if (digits < 7 || digits > 40 || text.empty()) return false;
    found->changeset = text;
    return true;
  });
}

/// "debug=n" alone: since 4.15 the build's state is a literal.
void find_debug_state(std::string_view image, ImageIdentity* found) {
  if (image.find("\0debug=n\0"sv) != std::string_view::npos) found->debug_build = false;
  if (image.find("\0debug=y\0"sv) != std::string_view::npos) found->debug_build = true;
}

/// The ELF note with the build id: name size 4, descriptor size, type 3 (NT_GNU_BUILD_ID), "GNU".
void find_build_id(std::string_view image, ImageIdentity* found) {
  constexpr std::string_view kName = "\x03\0\0\0GNU\0"sv;
  constexpr std::string_view kDigits = "0123456789abcdef";
  find_first(image, kName, [&](std::size_t at) {
    const std::size_t note = at - kName.size();
    if (note < 8 || little_endian(image, note - 8, 4) != 4) return false;
    const std::size_t size = little_endian(image, note - 4, 4);
    if (size < 8 || size > 64 || image.size() - at < size) return false;
    std::string hex;
    for (const char c : image.substr(at, size)) {
      const auto byte = static_cast<unsigned char>(c);
      hex += kDigits[byte >> 4];
      hex += kDigits[byte & 15];
    }
    found->build_id = std::move(hex);
    return true;
  });
}

// ---- the container ------------------------------------------------------------------------------

/// By ELF's or PE's machine number (183, 40, 62, 3 and 0xaa64, 0x1c2, 0x8664).
std::optional<Arch> arch_of_machine(std::uint32_t machine) {
  switch (machine) {
    case 183:
    case 0xaa64:
      return Arch::arm64;
    case 40:
    case 0x1c2:
      return Arch::arm32;
    case 62:
    case 3:  // Xen's x86 ELF is a 32-bit one around 64-bit code.
    case 0x8664:
      return Arch::x86;
    default:
      return std::nullopt;
  }
}

std::optional<Arch> container_arch(std::string_view image) {
  // Linux' booting.rst: magic "ARM\x64" at 56; zImage magic 0x016f2818 at 36.
  if (image.size() > 60 && image.substr(56, 4) == "ARM\x64") return Arch::arm64;
  if (little_endian(image, 36, 4) == 0x016f2818) return Arch::arm32;
  if (image.starts_with("\x7f"
                        "ELF"))
    return arch_of_machine(little_endian(image, 18, 2));
  if (image.starts_with("MZ")) {
    const std::size_t header = little_endian(image, 60, 4);
    if (header < image.size() && image.substr(header).starts_with("PE\0\0"sv)) {
      return arch_of_machine(little_endian(image, header + 4, 2));
    }
  }
  return std::nullopt;
}

/// U-Boot's legacy image header: magic 0x27051956, 64 bytes.
bool has_uboot_header(std::string_view bytes) {
  return bytes.size() > 64 && bytes.starts_with("\x27\x05\x19\x56");
}

std::string_view machine_name(Arch arch) {
  switch (arch) {
    case Arch::arm64:
      return "aarch64";
    case Arch::arm32:
      return "arm";
    case Arch::x86:
      return "x86_64";
  }
  return "";
}

/// With the target in front, as cross compilers are named; a native "gcc" tells no architecture.
/// "" where neither compiler nor architecture is known.
std::string compiler_with_target(const ImageIdentity& identity) {
  if (!identity.arch) return identity.compiler.value_or("");
  std::string compiler = identity.compiler.value_or("gcc");
  const std::string_view program = std::string_view(compiler).substr(0, compiler.find(' '));
  if (program.find('-') != std::string_view::npos) return compiler;
  return std::string(machine_name(*identity.arch)) + '-' + compiler;
}

}  // namespace

ImageIdentity scan_image(std::string_view image) {
  ImageIdentity found;
  found.arch = container_arch(image);
  find_loader_banner(image, &found);
  if (!found.version) find_plain_banner(image, &found);
  find_compile_info(image, &found);
  if (!found.version) found.version = find_compatible(image);
  if (!found.changeset || found.changeset->empty()) find_changeset(image, &found);
  find_debug_state(image, &found);
  find_build_id(image, &found);
  return found;
}

std::string console_lines(const ImageIdentity& identity) {
  // As console_init_preirq() prints them; Debian's form where there is a package version.
  std::string lines = "(XEN) Xen version " + identity.version.value_or("");
  if (identity.package) {
    lines += " (" + identity.vendor.value_or("package") + ' ' + *identity.package + ')';
  }
  lines +=
      " (" + identity.compile_by.value_or("") + '@' + identity.compile_domain.value_or("") + ')';
  if (const std::string compiler = compiler_with_target(identity); !compiler.empty()) {
    lines += " (" + compiler + ')';
  }
  if (identity.debug_build) lines += *identity.debug_build ? " debug=y" : " debug=n";
  lines += '\n';
  if (identity.changeset) lines += "(XEN) Latest ChangeSet: " + *identity.changeset + '\n';
  if (identity.build_id) lines += "(XEN) build-id: " + *identity.build_id + '\n';
  return lines;
}

Expected<std::string> unpack_image(std::string bytes, const std::string& name) {
  for (int layer = 0; layer < 4; ++layer) {
    if (has_uboot_header(bytes)) {
      bytes.erase(0, 64);
    } else if (is_gzip(bytes)) {
      auto unpacked = gunzip(bytes, kMaxImage, name);
      if (!unpacked) return unpacked;
      bytes = std::move(*unpacked);
    } else {
      return bytes;
    }
  }
  return bytes;
}

Expected<void> read_image(const std::string& path, Observer* observer) {
  observer->set_mode(InputMode::image, false);
  auto fd = open_for_reading(path);
  if (!fd) return tl::unexpected(std::move(fd.error()));
  std::string bytes;
  const auto whole = read_up_to(fd->get(), kMaxImage, path, &bytes);
  if (!whole) return tl::unexpected(whole.error());
  if (!*whole) {
    return tl::unexpected(
        Error{Error::Code::too_large, 0, path + " is too large for a hypervisor", ""});
  }
  auto image = unpack_image(std::move(bytes), path);
  if (!image) return tl::unexpected(std::move(image.error()));
  const ImageIdentity identity = scan_image(*image);
  if (!identity.version) {
    return tl::unexpected(Error{Error::Code::malformed, 0, path + ": no Xen hypervisor found in it",
                                "for logs use --log, for saved outputs --capture"});
  }
  Observer::InputOptions options;
  options.name = path;
  options.recognised_as = "hypervisor image";
  options.repair_pastes = false;
  observer->begin_input(options);
  observer->feed(console_lines(identity));
  observer->end_input();
  return {};
}

}  // namespace xic
