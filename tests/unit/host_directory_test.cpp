#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "host/capture/directory.h"
#include "tests/unit/host_scratch.h"

namespace xic {
namespace {

using test::Scratch;

Collection collect(const Scratch& scratch, const CaptureBounds& bounds = {}) {
  auto found = collect_directory(
      UniqueFd(::open(scratch.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)), "capture",
      bounds);
  EXPECT_TRUE(found) << found.error().message;
  return found ? std::move(*found) : Collection{};
}

std::vector<std::string> names(const Collection& collection) {
  std::vector<std::string> all;
  for (const Document& document : collection.documents) all.push_back(document.name);
  return all;
}

using Names = std::vector<std::string>;

TEST(Directory, FilesInOrderOfTheirNamesAlsoWithinFolders) {
  const Scratch scratch;
  scratch.write("z", "last");
  scratch.write("a/2", "two");
  scratch.write("a/1", "one");
  scratch.write("m", "");
  const Collection found = collect(scratch);
  EXPECT_EQ(names(found), (Names{"a/1", "a/2", "m", "z"}));
  EXPECT_EQ(found.documents[1].bytes, "two");
  EXPECT_TRUE(found.limits.empty());
}

TEST(Directory, LinksPipesAndSocketsAreNotOpened) {
  const Scratch scratch;
  scratch.write("file", "text");
  std::filesystem::create_symlink("/etc/passwd", scratch.path("link"));
  std::filesystem::create_symlink("..", scratch.path("up"));
  ASSERT_EQ(::mkfifo(scratch.path("pipe").c_str(), 0600), 0);
  const int listener = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string where = scratch.path("socket");
  ASSERT_LT(where.size(), sizeof address.sun_path);
  where.copy(address.sun_path, where.size());
  ASSERT_EQ(::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  const Collection found = collect(scratch);
  ::close(listener);
  EXPECT_EQ(names(found), Names{"file"});
  ASSERT_EQ(found.limits.size(), 4U);
  for (const Limit& limit : found.limits) EXPECT_EQ(limit.id, "capture_file_skipped");
  EXPECT_NE(found.limits[0].detail.find("link is not followed"), std::string::npos);
}

TEST(Directory, TooManyEntriesAreCutOffAndSaid) {
  const Scratch scratch;
  for (const char* name : {"e", "d", "c", "b", "a"}) scratch.write(name, name);
  CaptureBounds bounds;
  bounds.entries = 3;
  const Collection found = collect(scratch, bounds);
  // The same three whatever order the file system lists them in.
  EXPECT_EQ(names(found), (Names{"a", "b", "c"}));
  ASSERT_EQ(found.limits.size(), 1U);
  EXPECT_EQ(found.limits[0].id, "capture_truncated");
}

TEST(Directory, ExactlyAsManyEntriesAsAllowedAreNoLoss) {
  const Scratch scratch;
  for (const char* name : {"a", "b", "c"}) scratch.write(name, name);
  CaptureBounds bounds;
  bounds.entries = 3;
  EXPECT_TRUE(collect(scratch, bounds).limits.empty());
}

TEST(Directory, ATooLargeFileIsSkippedAndTheOthersAreRead) {
  const Scratch scratch;
  scratch.write("big", std::string(11, 'x'));
  scratch.write("fits", std::string(10, 'x'));
  CaptureBounds bounds;
  bounds.file_bytes = 10;
  const Collection found = collect(scratch, bounds);
  EXPECT_EQ(names(found), Names{"fits"});
  ASSERT_EQ(found.limits.size(), 1U);
  EXPECT_EQ(found.limits[0].id, "capture_file_skipped");
}

TEST(Directory, TheSumIsBounded) {
  const Scratch scratch;
  for (const char* name : {"a", "b", "c"}) scratch.write(name, std::string(10, 'x'));
  CaptureBounds bounds;
  bounds.total_bytes = 25;
  const Collection found = collect(scratch, bounds);
  EXPECT_EQ(names(found), (Names{"a", "b"}));
  EXPECT_EQ(found.limits.size(), 1U);
}

TEST(Directory, NestingIsBounded) {
  const Scratch scratch;
  scratch.write("1/2/3/deep", "x");
  scratch.write("1/2/fine", "x");
  CaptureBounds bounds;
  bounds.depth = 2;
  const Collection found = collect(scratch, bounds);
  EXPECT_EQ(names(found), Names{"1/2/fine"});
  EXPECT_EQ(found.limits.size(), 1U);
}

TEST(Directory, ManySkippedFilesAreSummedUp) {
  const Scratch scratch;
  for (int i = 0; i < 100; ++i) {
    std::filesystem::create_symlink("x", scratch.path("link" + std::to_string(i)));
  }
  const Collection found = collect(scratch);
  EXPECT_LT(found.limits.size(), 40U);
  EXPECT_NE(found.limits.back().detail.find("68 more"), std::string::npos)
      << found.limits.back().detail;
}

}  // namespace
}  // namespace xic
