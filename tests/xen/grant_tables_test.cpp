#include "host/live/grant_tables.h"

#include "core/backend/backend.h"
#include "host/live/live_host.h"
#include "tests/xen/scripted_xen.h"

namespace xic {
namespace {

using testing::expect_error;
using testing::Failing;
using testing::kFailing;

class GrantTablesTest : public testing::ScriptedXen {
 protected:
  static TxRing ring(std::uint16_t domain, std::uint32_t ref) {
    Backend vif;
    vif.type = "vif";
    vif.frontend_domain = DomId{domain};
    vif.backend_state = 4;
    vif.rings = {{RingRole::vif_tx, 0, GrantRef{ref}}};
    return TxRing::of(vif, 0).value();
  }
  /// A page with every value a byte can have.
  std::string page() {
    std::string bytes;
    for (int at = 0; at < 4096; ++at) bytes += static_cast<char>(at ^ (at >> 8));
    return write("page", bytes);
  }
};

TEST_F(GrantTablesTest, DumpIsDebugKeyGAndNothingElse) {
  for (const char* number : {"sysctl 0x15", "sysctl 0x13"}) {
    const Ports ports = host(
        {number, "console " + write("console", ""), "grant_dump " + write("dump", "(XEN) g\n")});
    ASSERT_TRUE(ports.grants->print_all());
    EXPECT_EQ(count("debug_keys g"), 1U);
    EXPECT_EQ(count("debug_keys"), 1U);
    std::vector<char> buffer(64);
    EXPECT_EQ(ports.console->read(RingIndex{0}, buffer).value().count, 8U);
    for (const Failing& failing : kFailing) {
      if (failing.sys_errno == EACCES) continue;
      const Ports failing_ports = host({number, std::string("fail debug_keys ") + failing.name});
      expect_error(failing_ports.grants->print_all(), failing, "debug key 'g'");
      EXPECT_EQ(count("debug_keys"), 1U) << "never twice";
    }
  }
}

TEST_F(GrantTablesTest, GrantedNow) {
  using Answer = GrantedNow::Answer;
  const Ports ports = host({"granted bdf34", "free 40"});
  GrantTables& grants = *ports.grants;
  EXPECT_EQ(grants.granted_now(Frame{0xbdf34}).value(), Answer::granted_or_own);
  EXPECT_EQ(grants.granted_now(Frame{0x1234567}).value(), Answer::not_granted);
  EXPECT_EQ(grants.granted_now(Frame{0x40}).value(), Answer::free_or_xen);
  // CLEAN (1) of one cache line, never INVAL (2).
  EXPECT_EQ(count("offset=0 length=64 op=1"), 3U);
  EXPECT_EQ(count("cache_flush"), 3U);
}

TEST_F(GrantTablesTest, RefusedFrameIsNeverAskedForAgain) {
  using Answer = GrantedNow::Answer;
  const Ports ports = host({"free 40"});
  GrantTables& grants = *ports.grants;
  for (int time = 0; time < 3; ++time) {
    EXPECT_EQ(grants.granted_now(Frame{0x40}).value(), Answer::free_or_xen);
    EXPECT_EQ(grants.granted_now(Frame{0x41}).value(), Answer::not_granted);
  }
  EXPECT_EQ(count("frame=0x40 "), 1U);
  EXPECT_EQ(count("frame=0x41 "), 3U);
}

TEST_F(GrantTablesTest, RefusalsAreBounded) {
  const Ports ports = host({"fail cache_flush EPERM"});
  GrantTables& grants = *ports.grants;
  for (std::uint64_t frame = 0; frame < LiveGrantTables::kMaxRefused; ++frame) {
    ASSERT_TRUE(grants.granted_now(Frame{frame}));
  }
  const auto one_more = grants.granted_now(Frame{LiveGrantTables::kMaxRefused});
  ASSERT_FALSE(one_more);
  EXPECT_EQ(one_more.error().code, Error::Code::too_large);
  EXPECT_TRUE(grants.granted_now(Frame{7}));
  EXPECT_EQ(count("cache_flush"), LiveGrantTables::kMaxRefused);
}

TEST_F(GrantTablesTest, NoSuchFrame) {
  const Ports ports = host({});
  const auto answer = ports.grants->granted_now(Frame{std::uint64_t{1} << 52U});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Error::Code::malformed);
  EXPECT_TRUE(calls().empty());
}

TEST_F(GrantTablesTest, QuestionFails) {
  for (const Failing& failing : kFailing) {
    if (failing.sys_errno == EINVAL || failing.sys_errno == EPERM) continue;  // answers
    const Ports ports = host({std::string("fail cache_flush ") + failing.name});
    expect_error(ports.grants->granted_now(Frame{0x40}), failing, "frame 0x40");
  }
  for (const Failing& failing : kFailing) {
    const Ports ports = host({std::string("fail open_xencall ") + failing.name});
    expect_error(ports.grants->granted_now(Frame{0x40}), failing, "/dev/xen/privcmd");
    expect_error(ports.grants->size(DomId{1}), failing, "/dev/xen/privcmd");
  }
}

TEST_F(GrantTablesTest, NoMemoryIsNoAnswer) {
  // EPERM or EINVAL of our own allocation would be taken for the hypervisor's.
  const Ports ports = host({"fail allocate EPERM"});
  EXPECT_FALSE(ports.grants->granted_now(Frame{0x40}));
  EXPECT_EQ(count("cache_flush"), 0U);
}

TEST_F(GrantTablesTest, SizeOfATable) {
  const Ports ports = host({"domain 1 2 64"});
  const auto size = ports.grants->size(DomId{1});
  ASSERT_TRUE(size) << size.error().message;
  EXPECT_EQ(size->frames, 2U);
  EXPECT_EQ(size->max_frames, 64U);
  expect_error(ports.grants->size(DomId{77}), {"ESRCH", ESRCH, Error::Code::not_found},
               "domain 77");
}

TEST_F(GrantTablesTest, DomainEndsBetweenTwoQuestions) {
  const Ports ports = host(
      {"domain 1 2 64", "fail query_size ESRCH 2", "page 1 520 " + page(), "fail map EINVAL 2"});
  GrantTables& grants = *ports.grants;
  EXPECT_TRUE(grants.size(DomId{1}));
  EXPECT_TRUE(grants.copy_ring(ring(1, 520)));
  expect_error(grants.size(DomId{1}), {"ESRCH", ESRCH, Error::Code::not_found}, "domain 1");
  expect_error(grants.copy_ring(ring(1, 520)), {"EINVAL", EINVAL, Error::Code::io}, "domain 1");
}

TEST_F(GrantTablesTest, SizeFails) {
  for (const Failing& failing : kFailing) {
    const Ports ports = host({"domain 1 2 64", std::string("fail query_size ") + failing.name});
    expect_error(ports.grants->size(DomId{1}), failing, "domain 1");
  }
  // A status that nothing is known of.
  const Ports ports = host({"domain 1 2 64", "fail query_size EIO"});
  const auto size = ports.grants->size(DomId{1});
  ASSERT_FALSE(size);
  EXPECT_NE(size.error().message.find("-1"), std::string::npos);
}

TEST_F(GrantTablesTest, RingIsCopiedReadOnlyAndUnmapped) {
  const Ports ports = host({"page 3 520 " + page()});
  const auto copy = ports.grants->copy_ring(ring(3, 520));
  ASSERT_TRUE(copy) << copy.error().message;
  ASSERT_EQ(copy->size(), 4096U);
  for (unsigned at = 0; at < 4096; ++at) {
    ASSERT_EQ(static_cast<unsigned char>((*copy)[at]), static_cast<unsigned char>(at ^ (at >> 8)));
  }
  const std::vector<std::string> expected = {"open_gntdev", "map domain=3 ref=520 PROT_READ",
                                             "unmap count=1"};
  EXPECT_EQ(calls(), expected);
}

TEST_F(GrantTablesTest, ReservedPagesAreTouched) {
  const Ports ports = host({"page 3 0 " + page(), "page 3 1 " + page()});
  GrantTables& grants = *ports.grants;
  using Kind = ReservedPage::Kind;
  ASSERT_TRUE(grants.touch(ReservedPage::of(DomId{3}, Kind::console).value()));
  ASSERT_TRUE(grants.touch(ReservedPage::of(DomId{3}, Kind::xenstore).value()));
  EXPECT_EQ(count("PROT_READ"), 2U);
  EXPECT_EQ(count("unmap"), 2U);
  expect_error(grants.touch(ReservedPage::of(DomId{4}, Kind::xenstore).value()),
               {"EINVAL", EINVAL, Error::Code::io}, "xenstore page of domain 4");
}

TEST_F(GrantTablesTest, MappingFails) {
  for (const Failing& failing : kFailing) {
    const Ports ports =
        host({std::string("fail open_gntdev ") + failing.name + " 1", "page 3 520 " + page()});
    expect_error(ports.grants->copy_ring(ring(3, 520)), failing, "/dev/xen/gntdev");
    EXPECT_TRUE(ports.grants->copy_ring(ring(3, 520)));
    const Ports cannot_map =
        host({std::string("fail map ") + failing.name, "page 3 520 " + page()});
    expect_error(cannot_map.grants->copy_ring(ring(3, 520)), failing,
                 "map the transmit ring of domain 3 (grant 0x208)");
    const Ports cannot_unmap =
        host({std::string("fail unmap ") + failing.name, "page 3 520 " + page()});
    expect_error(cannot_unmap.grants->copy_ring(ring(3, 520)), failing,
                 "unmap the transmit ring of domain 3");
  }
}

}  // namespace
}  // namespace xic
