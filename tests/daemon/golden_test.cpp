// What the daemon publishes, as a whole. tests/golden judges the same files by tools that know the
// formats; XIC_UPDATE_GOLDEN=1 rewrites them.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "tests/daemon/watcher_test_support.h"
#include "tests/unit/pipeline_test_support.h"

namespace xic::daemon {
namespace {

using testing::fault_line;
using testing::kSecond;

class DaemonGolden : public testing::DaemonTest {
 protected:
  static void compare(const std::string& name, const std::string& text) {
    const std::string path = "tests/golden/" + name;
    if (std::getenv("XIC_UPDATE_GOLDEN") != nullptr) std::ofstream(path) << text;
    std::ifstream file(path);
    const std::string wanted(std::istreambuf_iterator<char>(file), {});
    EXPECT_EQ(text, wanted) << path;
  }
};

TEST_F(DaemonGolden, StateAndMetrics) {
  disk.room = 2000;
  print(xic::testing::arm_boot("4.14.1", ""));
  start();
  for (int i = 0; i < 5; ++i) print(fault_line(0x8424cb148));
  print("a guest says: " + fault_line(0x8424cc148));
  pass(kSecond);
  print(fault_line(0x8424cd148, "/smmu@fd900000"));
  pass(10 * kSecond);
  compare("daemon.json", published.files["state.json"]);
  compare("daemon.prom", published.files["metrics.prom"]);
}

}  // namespace
}  // namespace xic::daemon
