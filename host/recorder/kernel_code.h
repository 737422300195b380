// The machine code of dom0's running kernel, one function of it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/types.h"

namespace xic {

struct KernelFunction {
  std::uint64_t begin = 0;                  ///< Its address.
  std::vector<std::uint32_t> instructions;  ///< All of it, at most KernelCode::kMostInstructions.
  std::uint64_t callee = 0;                 ///< Address of the other function that was asked for.
};

class KernelCode {
 public:
  static constexpr std::size_t kMostInstructions = 1024;
  virtual ~KernelCode() = default;
  /// `function`, and where `callee` begins. An error where either is not there, or where this
  /// process may not look.
  [[nodiscard]] virtual Expected<KernelFunction> read(const std::string& function,
                                                      const std::string& callee) = 0;
};

/// By /proc/kallsyms and /proc/kcore (root, CAP_SYSLOG and CAP_SYS_RAWIO). Reads nothing but that
/// function's text, which is the kernel's own for good: other pages that kcore shows may have been
/// given back to Xen.
class RunningKernelCode final : public KernelCode {
 public:
  explicit RunningKernelCode(std::string proc = "/proc") : proc_(std::move(proc)) {}
  [[nodiscard]] Expected<KernelFunction> read(const std::string& function,
                                              const std::string& callee) override;

 private:
  std::string proc_;
};

}  // namespace xic
