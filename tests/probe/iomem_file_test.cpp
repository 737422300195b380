#include "host/iomem/iomem_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <iterator>

#include "tests/scratch.h"

namespace xic {
namespace {

class Opened {
 public:
  explicit Opened(const std::string& path) : fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    EXPECT_GE(fd_, 0) << path;
  }
  ~Opened() { ::close(fd_); }
  Opened(const Opened&) = delete;
  Opened& operator=(const Opened&) = delete;
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

TEST(IomemFile, IsReadFromItsBeginningEachTime) {
  const Opened fd("/proc/iomem");
  std::ifstream file("/proc/iomem");
  const std::string text(std::istreambuf_iterator<char>(file), {});
  EXPECT_EQ(iomem_of(fd.get()), text);
  EXPECT_EQ(iomem_of(fd.get()), text);
}

TEST(IomemFile, AnotherFileIsNot) {
  for (const char* path : {"/proc/version", "/proc/self/status", "/dev/null", "/etc/passwd", "/"}) {
    const Opened fd(path);
    EXPECT_FALSE(is_iomem(fd.get())) << path;
    EXPECT_EQ(iomem_of(fd.get()), std::nullopt) << path;
  }
  EXPECT_FALSE(is_iomem(-1));
}

TEST(IomemFile, ALookAlikeOutsideOfProcIsNot) {
  const test::Scratch files;
  const std::string path = files.write("iomem", "40000000-5fffffff : System RAM\n");
  const Opened fd(path);
  EXPECT_FALSE(is_iomem(fd.get(), path.c_str()));
}

}  // namespace
}  // namespace xic
