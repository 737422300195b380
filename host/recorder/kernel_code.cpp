#include "host/recorder/kernel_code.h"

#include <elf.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <optional>
#include <string_view>

#include "core/scan.h"

namespace xic {
namespace {

constexpr std::size_t kMostSegments = 256;

tl::unexpected<Error> failed(const std::string& what, Error::Code code, int number = 0) {
  return tl::unexpected(Error{code, number,
                              what + (number == 0 ? "" : std::string(": ") + std::strerror(number)),
                              "references of grants are recorded of each batch's first only"});
}

struct Symbols {
  std::uint64_t begin = 0, end = 0;  ///< Of the function; end: where the next text symbol stands.
  std::uint64_t callee = 0;
};

/// "ffff80000808d330 T set_foreign_p2m_mapping"; modules' have a fourth word.
Expected<Symbols> find_symbols(const std::string& path, const std::string& function,
                               const std::string& callee) {
  std::ifstream file(path);
  if (!file) return failed("cannot read " + path, Error::Code::denied, errno);
  Symbols found;
  std::string line;
  while (std::getline(file, line)) {
    std::string_view text = line;
    const auto address = scan::take_number<std::uint64_t>(&text, 16);
    const std::string_view type = scan::take_word(&text);
    const std::string_view name = scan::take_word(&text);
    const bool in_module = !scan::trim(text).empty();
    if (!address || in_module || (type != "T" && type != "t")) continue;
    // They stand in the order of their addresses.
    if (found.begin != 0 && found.end == 0 && *address > found.begin) found.end = *address;
    if (name == function) found.begin = *address;
    if (name == callee) found.callee = *address;
    if (found.end != 0 && found.callee != 0) return found;
  }
  // Without the right to see addresses they are all zero.
  return failed(path + " does not show where " + function + " is", Error::Code::denied);
}

struct Descriptor {
  int fd;
  ~Descriptor() {
    if (fd >= 0) ::close(fd);
  }
};

bool read_at(int fd, void* to, std::size_t bytes, std::uint64_t offset) {
  return ::pread(fd, to, bytes, static_cast<off_t>(offset)) == static_cast<ssize_t>(bytes);
}

/// Where [begin, end) of the kernel's addresses stands in its core file.
std::optional<std::uint64_t> place_in_core(int fd, std::uint64_t begin, std::uint64_t end) {
  Elf64_Ehdr header{};
  if (!read_at(fd, &header, sizeof header, 0)) return std::nullopt;
  if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_ident[EI_CLASS] != ELFCLASS64 ||
      header.e_ident[EI_DATA] != ELFDATA2LSB || header.e_machine != EM_AARCH64 ||
      header.e_phentsize != sizeof(Elf64_Phdr)) {
    return std::nullopt;
  }
  const std::size_t count = std::min<std::size_t>(header.e_phnum, kMostSegments);
  for (std::size_t i = 0; i < count; ++i) {
    Elf64_Phdr segment{};
    if (!read_at(fd, &segment, sizeof segment, header.e_phoff + i * sizeof segment)) break;
    if (segment.p_type != PT_LOAD || begin < segment.p_vaddr) continue;
    const std::uint64_t into = begin - segment.p_vaddr;
    if (into < segment.p_memsz && end - begin <= segment.p_memsz - into) {
      return segment.p_offset + into;
    }
  }
  return std::nullopt;
}

}  // namespace

Expected<KernelFunction> RunningKernelCode::read(const std::string& function,
                                                 const std::string& callee) {
  const auto symbols = find_symbols(proc_ + "/kallsyms", function, callee);
  if (!symbols) return tl::unexpected(symbols.error());
  const std::uint64_t bytes = symbols->end - symbols->begin;
  if (bytes % 4 != 0 || bytes / 4 > kMostInstructions) {
    return failed(function + " is no function of this kind", Error::Code::unavailable);
  }
  const std::string path = proc_ + "/kcore";
  const Descriptor core{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (core.fd < 0) return failed("cannot read " + path, Error::Code::denied, errno);
  const auto place = place_in_core(core.fd, symbols->begin, symbols->end);
  KernelFunction found{symbols->begin, {}, symbols->callee};
  found.instructions.resize(bytes / 4);
  if (!place || !read_at(core.fd, found.instructions.data(), bytes, *place)) {
    return failed(path + " does not show " + function, Error::Code::unavailable);
  }
  return found;
}

}  // namespace xic
