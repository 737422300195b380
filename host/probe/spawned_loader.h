// FrameLoader by xen-iommu-probe, a program of its own.
#pragma once

#include <string>

#include "host/ports.h"

namespace xic {

class SpawnedLoader final : public FrameLoader {
 public:
  /// `program`: its path.
  explicit SpawnedLoader(std::string program) : program_(std::move(program)) {}
  Expected<std::vector<FrameLoad>> load(std::span<const Frame> frames) override;

 private:
  std::string program_;
};

/// Reads the program's lines: {"frame":"0x97f75","result":"present|absent|no_answer","why":""}, one
/// for each of `frames`, in order; anything else is an error.
[[nodiscard]] Expected<std::vector<FrameLoad>> read_loads(const std::string& text,
                                                          std::span<const Frame> frames);

}  // namespace xic
