// A hypervisor in a text file, behind libraries that stand in for Xen's own.
//
// The libraries of this directory have the names, functions and symbol versions of libxencall,
// libxenctrl, libxengnttab and libxenevtchn. A program that finds them first (LD_LIBRARY_PATH) runs
// on the hypervisor described by the file that XIC_FAKE_XEN names. It is read at the first call.
// One entry a line, '#' begins a comment:
//
//   version 4 17                  XENVER strings; each but the version may be left out (ENOSYS)
//   extra .7
//   changeset TEXT                (and compiler, compile_by, compile_domain, compile_date,
//                                 capabilities, command_line): the rest of the line
//   build_id HEX
//   features WORD HEX             XENFEAT bits of a 32-bit word
//   long_strings                  the untruncated forms of 4.20 are there too
//   denied                        Flask: "<denied>" for strings, EPERM for the build id
//   sysctl 0x15                   the sysctl interface number; left out: ENOSYS
//   cpus 4                        physinfo
//   physcap 0x2d
//   maximum_gpfn 0x1ffff
//   console PATH                  all that was printed since `first_index`; may grow meanwhile
//   ring_size 16384
//   first_index 0                 free-running index of the first byte of the console file
//   begin_index N                 oldest byte still there: somebody has cleared the ring
//   short_reads N                 at most N bytes a read
//   overfull_reads                a read claims one byte more than there was room for
//   grant_dump PATH               what debug key 'g' adds to the console file
//   granted FRAME                 frames (hex) for which GNTTABOP_cache_flush answers 0
//   free FRAME                    ... EPERM; all others EINVAL
//   domain D FRAMES MAX           sizes of grant tables
//   page D REF PATH               a grant that can be mapped, and its page
//   pending                       an event is pending once VIRQ_CON_RING is bound
//   fail CALL ERRNO [NTH]         the NTH call (from 1; left out: each) fails; CALL as in the log
//   calls PATH                    the log: one line per call, appended
#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace fake_xen {

class Hypervisor {
 public:
  /// The one of this process, read at its first use.
  static Hypervisor& instance();
  /// Reads XIC_FAKE_XEN again and forgets everything; nothing may be open.
  static void reload();

  /// Logs a call and gives the failure that is scripted for it, or 0.
  int enter(const std::string& call, const std::string& detail = "");
  /// Handles, buffers and mappings that were not given back.
  [[nodiscard]] std::size_t open() const { return open_.size(); }

  /// A handle, or null and errno: what a library's open function gives.
  template <class Handle>
  Handle* open_handle(const std::string& call) {
    return static_cast<Handle*>(open(call, sizeof(Handle)));
  }
  /// Memory for hypercalls, or null and errno.
  void* allocate(std::size_t size) { return open("allocate", size); }
  /// Memory that stands for a handle, a buffer or a mapping.
  void* give(std::size_t size);
  void take(void* memory);
  /// Whether hypercalls may use it.
  [[nodiscard]] bool accessible(std::uint64_t address, std::size_t size) const;

  // Each returns 0 or an errno, as the hypervisor would.
  int version(unsigned command, void* argument, long& value);
  [[nodiscard]] bool is_sysctl_number(std::uint32_t number) const { return number == sysctl_; }
  [[nodiscard]] bool has_sysctls() const { return sysctl_.has_value(); }
  struct Read {
    bool clear = false, incremental = false;
    std::uint32_t index = 0, count = 0;
  };
  int read_console(Read& read, char* buffer);
  int debug_keys(const std::string& keys);
  int physinfo(std::uint32_t& cpus, std::uint32_t& capabilities);
  int maximum_gpfn(long& value);
  int cache_flush(std::uint64_t address, unsigned offset, unsigned length, std::uint32_t op);
  /// `status`: GNTST_*
  int query_size(unsigned domain, std::uint32_t& frames, std::uint32_t& most, int& status);
  /// A mapping, or null and errno.
  void* map(std::uint32_t domain, std::uint32_t ref, int prot);
  int unmap(void* at, std::uint32_t count);
  int event_fd();
  int bind_virq(unsigned virq);
  int pending();
  int unmask();

 private:
  explicit Hypervisor(const char* script);
  void* open(const std::string& call, std::size_t size);
  void entry(const std::string& key, const std::string& rest);
  int string(const char* name, void* argument, std::size_t field, long& value, bool whole);

  struct Failure {
    int error = 0;
    unsigned nth = 0;
  };
  std::map<std::string, std::vector<Failure>> failures_;
  std::map<std::string, unsigned> seen_;
  std::string calls_, console_, grant_dump_;
  std::optional<std::pair<unsigned, unsigned>> version_;
  std::map<std::string, std::string> strings_;
  std::map<std::uint32_t, std::uint32_t> features_;
  bool long_strings_ = false, denied_ = false, overfull_ = false, pending_ = false;
  std::optional<std::uint32_t> sysctl_;
  std::uint32_t cpus_ = 1, physcap_ = 0;
  std::optional<long> maximum_gpfn_;
  std::uint32_t ring_size_ = 16384, first_index_ = 0, short_reads_ = UINT32_MAX;
  std::optional<std::uint32_t> begin_index_;
  std::set<std::uint64_t> granted_, free_;
  std::map<unsigned, std::pair<std::uint32_t, std::uint32_t>> domains_;
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::string> pages_;
  std::map<void*, std::size_t> open_;
  std::set<void*> mapped_;
  int event_read_ = -1, event_write_ = -1;

 public:
  ~Hypervisor();
  Hypervisor(const Hypervisor&) = delete;
  Hypervisor& operator=(const Hypervisor&) = delete;
};

/// What a C function returns: `value`, or -1 and errno.
template <class T>
T result(int error, T value) {
  if (error == 0) return value;
  errno = error;
  return -1;
}

}  // namespace fake_xen
