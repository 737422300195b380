// One function of the running kernel, out of files that look like /proc/kallsyms and /proc/kcore.
#include "host/recorder/kernel_code.h"

#include <elf.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/scratch.h"

namespace xic {
namespace {

constexpr std::uint64_t kText = 0xffff800008010000;

class RunningCode : public ::testing::Test {
 protected:
  void SetUp() override {
    symbols(
        "ffff800008010000 T _stext\nffff800008010100 T callee\nffff800008010200 T wanted\n"
        "ffff800008010200 d not_text\nffff800008010208 t next\n"
        "ffff800001000000 T wanted\t[a_module]\n");
    core(EM_AARCH64, 0x1000);
  }
  void symbols(const std::string& text) { std::ofstream(proc_ + "/kallsyms") << text; }
  /// One segment, whose words tell their own place.
  void core(std::uint16_t machine, std::uint64_t bytes) {
    Elf64_Ehdr header{};
    std::copy_n(ELFMAG, SELFMAG, header.e_ident);
    header.e_ident[EI_CLASS] = ELFCLASS64;
    header.e_ident[EI_DATA] = ELFDATA2LSB;
    header.e_machine = machine;
    header.e_phoff = sizeof header;
    header.e_phentsize = sizeof(Elf64_Phdr);
    header.e_phnum = 1;
    Elf64_Phdr segment{};
    segment.p_type = PT_LOAD;
    segment.p_vaddr = kText;
    segment.p_memsz = bytes;
    segment.p_offset = sizeof header + sizeof segment;
    std::ofstream file(proc_ + "/kcore", std::ios::binary);
    const auto put = [&](const auto& value) {
      file.write(reinterpret_cast<const char*>(&value), sizeof value);
    };
    put(header);
    put(segment);
    for (std::uint32_t at = 0; at < bytes; at += 4) put(at);
  }

  test::Scratch files_;
  std::string proc_ = files_.path();
};

TEST_F(RunningCode, ExactlyTheFunction) {
  const auto code = RunningKernelCode(proc_).read("wanted", "callee");
  ASSERT_TRUE(code) << code.error().message;
  EXPECT_EQ(code->begin, kText + 0x200);
  EXPECT_EQ(code->callee, kText + 0x100);
  EXPECT_EQ(code->instructions, (std::vector<std::uint32_t>{0x200, 0x204}));
}

TEST_F(RunningCode, NeitherAddressesNorFunctionsAreInvented) {
  EXPECT_FALSE(RunningKernelCode(proc_).read("absent", "callee"));
  EXPECT_FALSE(RunningKernelCode(proc_).read("wanted", "absent"));
  EXPECT_FALSE(RunningKernelCode(proc_ + "/none").read("wanted", "callee"));
  symbols("0000000000000000 T callee\n0000000000000000 T wanted\n0000000000000000 t next\n");
  const auto hidden = RunningKernelCode(proc_).read("wanted", "callee");
  ASSERT_FALSE(hidden);
  EXPECT_EQ(hidden.error().code, Error::Code::denied);
}

TEST_F(RunningCode, ACoreOfAnotherKindOrTooShort) {
  core(EM_X86_64, 0x1000);
  EXPECT_FALSE(RunningKernelCode(proc_).read("wanted", "callee"));
  core(EM_AARCH64, 0x204);
  EXPECT_FALSE(RunningKernelCode(proc_).read("wanted", "callee"));
  std::filesystem::resize_file(proc_ + "/kcore", 10);
  EXPECT_FALSE(RunningKernelCode(proc_).read("wanted", "callee"));
}

TEST_F(RunningCode, NoFunctionIsThatLong) {
  symbols("ffff800008010000 T callee\nffff800008010200 T wanted\nffff800008020208 t next\n");
  core(EM_AARCH64, 0x20000);
  EXPECT_FALSE(RunningKernelCode(proc_).read("wanted", "callee"));
}

}  // namespace
}  // namespace xic
