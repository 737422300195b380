#include "tests/fakes/xen/hypervisor.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <iterator>
#include <memory>
#include <sstream>

namespace fake_xen {
namespace {

constexpr std::size_t kPage = 4096;

[[noreturn]] void wrong(const std::string& what) {
  std::cerr << "fake Xen: " << what << '\n';
  std::abort();
}

int errno_named(const std::string& name) {
  static const std::map<std::string, int> names = {
      {"EPERM", EPERM},   {"ENOENT", ENOENT}, {"ESRCH", ESRCH},   {"EINTR", EINTR},
      {"EIO", EIO},       {"ENXIO", ENXIO},   {"EAGAIN", EAGAIN}, {"ENOMEM", ENOMEM},
      {"EACCES", EACCES}, {"EFAULT", EFAULT}, {"EBUSY", EBUSY},   {"EEXIST", EEXIST},
      {"ENODEV", ENODEV}, {"EINVAL", EINVAL}, {"ENOSYS", ENOSYS}, {"EOPNOTSUPP", EOPNOTSUPP},
  };
  const auto found = names.find(name);
  if (found == names.end()) wrong("unknown errno " + name);
  return found->second;
}

std::string content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) wrong("cannot read " + path);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::unique_ptr<Hypervisor>& holder() {
  static std::unique_ptr<Hypervisor> the_one;
  return the_one;
}

}  // namespace

Hypervisor& Hypervisor::instance() {
  if (!holder()) reload();
  return *holder();
}

void Hypervisor::reload() {
  if (holder() && holder()->open() != 0) wrong("reloaded with handles open");
  holder().reset(new Hypervisor(std::getenv("XIC_FAKE_XEN")));
}

Hypervisor::Hypervisor(const char* script) {
  if (script == nullptr) wrong("XIC_FAKE_XEN names no script");
  std::istringstream lines(content(script));
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line[0] == '#') continue;
    const std::size_t space = std::min(line.find(' '), line.size());
    entry(line.substr(0, space), space < line.size() ? line.substr(space + 1) : "");
  }
}

Hypervisor::~Hypervisor() {
  if (event_read_ >= 0) ::close(event_read_);
  if (event_write_ >= 0) ::close(event_write_);
}

void Hypervisor::entry(const std::string& key, const std::string& rest) {
  std::istringstream words(rest);
  const auto number = [&words] {
    std::string word;
    if (!(words >> word)) wrong("a number is missing");
    return std::strtoull(word.c_str(), nullptr, 0);
  };
  const auto small = [&number] { return static_cast<std::uint32_t>(number()); };
  static const std::set<std::string> texts = {"extra",        "changeset",      "compiler",
                                              "compile_by",   "compile_domain", "compile_date",
                                              "capabilities", "command_line",   "build_id"};
  if (texts.contains(key)) {
    strings_[key] = rest;
  } else if (key == "version") {
    const unsigned major = small();
    version_ = {major, small()};
  } else if (key == "features") {
    const std::uint32_t word = small();
    features_[word] = small();
  } else if (key == "long_strings") {
    long_strings_ = true;
  } else if (key == "denied") {
    denied_ = true;
  } else if (key == "sysctl") {
    sysctl_ = small();
  } else if (key == "cpus") {
    cpus_ = small();
  } else if (key == "physcap") {
    physcap_ = small();
  } else if (key == "maximum_gpfn") {
    maximum_gpfn_ = static_cast<long>(number());
  } else if (key == "console") {
    console_ = rest;
  } else if (key == "ring_size") {
    ring_size_ = small();
  } else if (key == "first_index") {
    first_index_ = small();
  } else if (key == "begin_index") {
    begin_index_ = small();
  } else if (key == "short_reads") {
    short_reads_ = small();
  } else if (key == "overfull_reads") {
    overfull_ = true;
  } else if (key == "grant_dump") {
    grant_dump_ = rest;
  } else if (key == "granted") {
    granted_.insert(std::strtoull(rest.c_str(), nullptr, 16));
  } else if (key == "free") {
    free_.insert(std::strtoull(rest.c_str(), nullptr, 16));
  } else if (key == "domain") {
    const unsigned domain = small();
    const std::uint32_t frames = small();
    domains_[domain] = {frames, small()};
  } else if (key == "page") {
    const std::uint32_t domain = small();
    const std::uint32_t ref = small();
    words >> pages_[{domain, ref}];
  } else if (key == "pending") {
    pending_ = true;
  } else if (key == "fail") {
    std::string call, error;
    unsigned nth = 0;
    words >> call >> error >> nth;
    failures_[call].push_back({errno_named(error), nth});
  } else if (key == "calls") {
    calls_ = rest;
  } else {
    wrong("unknown entry " + key);
  }
}

int Hypervisor::enter(const std::string& call, const std::string& detail) {
  int error = 0;
  const unsigned nth = ++seen_[call];
  for (const Failure& failure : failures_[call]) {
    if (failure.nth == 0 || failure.nth == nth) error = failure.error;
  }
  if (!calls_.empty()) {
    std::ofstream log(calls_, std::ios::app);
    log << call << (detail.empty() ? "" : " ") << detail;
    if (error != 0) log << " -> " << std::strerror(error);
    log << '\n';
  }
  return error;
}

void* Hypervisor::open(const std::string& call, std::size_t size) {
  if (const int error = enter(call); error != 0) {
    errno = error;
    return nullptr;
  }
  return give(size);
}

void* Hypervisor::give(std::size_t size) {
  void* memory = std::calloc(1, size);
  open_[memory] = size;
  return memory;
}

void Hypervisor::take(void* memory) {
  if (open_.erase(memory) != 1) wrong("given back what was not given");
  std::free(memory);
}

bool Hypervisor::accessible(std::uint64_t address, std::size_t size) const {
  for (const auto& [memory, length] : open_) {
    const auto begin = reinterpret_cast<std::uintptr_t>(memory);
    if (address >= begin && address - begin <= length && size <= length - (address - begin)) {
      return true;
    }
  }
  return false;
}

int Hypervisor::string(const char* name, void* argument, std::size_t field, long& value,
                       bool whole) {
  const auto found = strings_.find(name);
  if (found == strings_.end()) return ENOSYS;
  const std::string text = denied_ ? "<denied>" : found->second;
  if (!whole) {
    std::memset(argument, 0, field);
    std::memcpy(argument, text.data(), std::min(text.size(), field - 1));
    value = 0;
    return 0;
  }
  value = static_cast<long>(text.size());
  if (argument == nullptr) return 0;
  std::uint32_t room = 0;
  std::memcpy(&room, argument, sizeof room);
  if (room == 0) return EINVAL;
  if (text.size() > room) return ENOBUFS;
  std::memcpy(static_cast<char*>(argument) + sizeof room, text.data(), text.size());
  return 0;
}

int Hypervisor::version(unsigned command, void* argument, long& value) {
  if (const int error = enter("version:" + std::to_string(command)); error != 0) return error;
  if (!version_) return ENOSYS;
  value = 0;
  switch (command) {
    case 0:
      value = static_cast<long>(version_->first << 16U | version_->second);
      return 0;
    case 1:
      return string("extra", argument, 16, value, false);
    case 2: {
      if (!strings_.contains("compiler")) return ENOSYS;
      char* at = static_cast<char*>(argument);
      for (const auto& [name, size] : {std::pair{"compiler", 64},
                                       {"compile_by", 16},
                                       {"compile_domain", 32},
                                       {"compile_date", 32}}) {
        string(name, at, static_cast<std::size_t>(size), value, false);
        at += size;
      }
      return 0;
    }
    case 3:
      return string("capabilities", argument, 1024, value, false);
    case 4:
      return string("changeset", argument, 64, value, false);
    case 6: {
      struct {
        std::uint32_t index, bits;
      } info;
      std::memcpy(&info, argument, sizeof info);
      const auto found = features_.find(info.index);
      if (found == features_.end()) return EINVAL;
      info.bits = found->second;
      std::memcpy(argument, &info, sizeof info);
      return 0;
    }
    case 9:
      return string("command_line", argument, 1024, value, false);
    case 10: {
      if (denied_) return EPERM;
      const auto found = strings_.find("build_id");
      if (found == strings_.end()) return ENODATA;
      std::vector<unsigned char> bytes;
      for (std::size_t at = 0; at + 1 < found->second.size(); at += 2) {
        bytes.push_back(static_cast<unsigned char>(
            std::strtoul(found->second.substr(at, 2).c_str(), nullptr, 16)));
      }
      value = static_cast<long>(bytes.size());
      if (argument == nullptr) return 0;
      std::uint32_t room = 0;
      std::memcpy(&room, argument, sizeof room);
      if (room < bytes.size()) return ENOBUFS;
      std::memcpy(static_cast<char*>(argument) + sizeof room, bytes.data(), bytes.size());
      return 0;
    }
    case 11:
      return long_strings_ ? string("extra", argument, 0, value, true) : ENOSYS;
    case 12:
      return long_strings_ ? string("capabilities", argument, 0, value, true) : ENOSYS;
    case 13:
      return long_strings_ ? string("changeset", argument, 0, value, true) : ENOSYS;
    case 14:
      return long_strings_ ? string("command_line", argument, 0, value, true) : ENOSYS;
    default:
      return ENOSYS;
  }
}

int Hypervisor::read_console(Read& read, char* buffer) {
  std::ostringstream detail;
  detail << "clear=" << read.clear << " incremental=" << read.incremental << " index=" << read.index
         << " count=" << read.count;
  if (const int error = enter("readconsole", detail.str()); error != 0) return error;
  // drivers/char/console.c, read_console_ring(): indices are free-running and 32 bits wide.
  const std::string printed = console_.empty() ? "" : content(console_);
  const std::uint32_t end = first_index_ + static_cast<std::uint32_t>(printed.size());
  std::uint32_t begin = first_index_;
  if (begin_index_) begin = *begin_index_;
  if (end - begin > ring_size_) begin = end - ring_size_;
  std::uint32_t at = begin;
  if (read.incremental && read.index - begin - 1 < end - begin) at = read.index;
  const std::uint32_t room = std::min(read.count, short_reads_);
  const std::uint32_t count = std::min(end - at, room);
  std::memcpy(buffer, printed.data() + (at - first_index_), count);
  if (read.clear) begin_index_ = end;
  read.count = overfull_ ? read.count + 1 : count;
  read.index = at + count;
  return 0;
}

int Hypervisor::debug_keys(const std::string& keys) {
  if (const int error = enter("debug_keys", keys); error != 0) return error;
  if (keys == "g" && !grant_dump_.empty()) {
    std::ofstream(console_, std::ios::app | std::ios::binary) << content(grant_dump_);
  }
  return 0;
}

int Hypervisor::physinfo(std::uint32_t& cpus, std::uint32_t& capabilities) {
  if (const int error = enter("physinfo"); error != 0) return error;
  cpus = cpus_;
  capabilities = physcap_;
  return 0;
}

int Hypervisor::maximum_gpfn(long& value) {
  if (const int error = enter("maximum_gpfn"); error != 0) return error;
  if (!maximum_gpfn_) return ENOSYS;
  value = *maximum_gpfn_;
  return 0;
}

int Hypervisor::cache_flush(std::uint64_t address, unsigned offset, unsigned length,
                            std::uint32_t op) {
  std::ostringstream detail;
  detail << "frame=0x" << std::hex << (address >> 12U) << std::dec << " offset=" << offset
         << " length=" << length << " op=" << op;
  if (const int error = enter("cache_flush", detail.str()); error != 0) return error;
  if (length == 0 || op == 0) return 0;
  if (offset + length > kPage || (op & ~3U) != 0) return EINVAL;
  if (granted_.contains(address >> 12U)) return 0;
  return free_.contains(address >> 12U) ? EPERM : EINVAL;
}

int Hypervisor::query_size(unsigned domain, std::uint32_t& frames, std::uint32_t& most,
                           int& status) {
  if (const int error = enter("query_size", "domain=" + std::to_string(domain)); error != 0) {
    // Not the hypercall but its one element fails for these.
    constexpr int bad_domain = -2, permission_denied = -8, general_error = -1;
    status = error == ESRCH ? bad_domain : error == EPERM ? permission_denied : general_error;
    return error == ESRCH || error == EPERM || error == EIO ? 0 : error;
  }
  const auto found = domains_.find(domain);
  status = found == domains_.end() ? -2 : 0;
  if (found != domains_.end()) {
    frames = found->second.first;
    most = found->second.second;
  }
  return 0;
}

void* Hypervisor::map(std::uint32_t domain, std::uint32_t ref, int prot) {
  const int error =
      enter("map", "domain=" + std::to_string(domain) + " ref=" + std::to_string(ref) +
                       (prot == PROT_READ ? " PROT_READ" : " prot=" + std::to_string(prot)));
  const auto found = pages_.find({domain, ref});
  if (error != 0 || found == pages_.end()) {
    errno = error != 0 ? error : EINVAL;
    return nullptr;
  }
  std::string page = content(found->second);
  page.resize(kPage);
  void* at = ::mmap(nullptr, kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  std::memcpy(at, page.data(), kPage);
  ::mprotect(at, kPage, prot);
  mapped_.insert(at);
  open_[at] = kPage;
  return at;
}

int Hypervisor::unmap(void* at, std::uint32_t count) {
  const int error = enter("unmap", "count=" + std::to_string(count));
  if (count != 1 || mapped_.erase(at) != 1) wrong("unmapped what was not mapped");
  open_.erase(at);
  ::munmap(at, kPage);
  return error;
}

int Hypervisor::event_fd() {
  if (event_read_ < 0) {
    int ends[2] = {-1, -1};
    if (::pipe2(ends, O_CLOEXEC) != 0) wrong("no pipe");
    event_read_ = ends[0];
    event_write_ = ends[1];
  }
  return event_read_;
}

int Hypervisor::bind_virq(unsigned virq) {
  if (const int error = enter("bind_virq", std::to_string(virq)); error != 0) return error;
  event_fd();
  if (pending_ && ::write(event_write_, "e", 1) != 1) wrong("no event");
  return 0;
}

int Hypervisor::pending() {
  if (const int error = enter("pending"); error != 0) return error;
  char event = 0;
  return ::read(event_fd(), &event, 1) == 1 ? 0 : errno;
}

int Hypervisor::unmask() {
  return enter("unmask");
}

}  // namespace fake_xen
