// Listings of the store -> devices.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "core/backend/backend.h"

namespace xic {
namespace {

class Store {
 public:
  Consumed say(std::string_view raw, Speaker speaker = Speaker::unknown, bool mid_line = false) {
    Line line;
    line.raw = raw;
    line.text = raw;
    line.speaker = speaker;
    line.mid_line = mid_line;
    line.input = input;
    return parser.consume(line);
  }
  void say_all(const std::string& text) {
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) say(line);
  }
  StoreParser parser;
  std::uint32_t input = 0;
};

Backends read(const std::string& text) {
  Store store;
  store.say_all(text);
  return store.parser.snapshot();
}

const Backend* find(const Backends& backends, std::string_view name) {
  for (const Backend& device : backends.devices)
    if (device.name() == name) return &device;
  return nullptr;
}

constexpr const char* kVif = R"(/local/domain/0/name = "Domain-0"
/local/domain/0/backend/vif = ""
/local/domain/0/backend/vif/1 = ""
/local/domain/0/backend/vif/1/0 = ""
/local/domain/0/backend/vif/1/0/frontend = "/local/domain/1/device/vif/0"
/local/domain/0/backend/vif/1/0/frontend-id = "1"
/local/domain/0/backend/vif/1/0/state = "4"
/local/domain/0/backend/vif/1/0/mac = "00:16:3e:aa:bb:01"
/local/domain/0/backend/vif/1/0/bridge = "br0"
/local/domain/1/name = "rig"
/local/domain/1/device/vif/0 = ""
/local/domain/1/device/vif/0/backend = "/local/domain/0/backend/vif/1/0"
/local/domain/1/device/vif/0/backend-id = "0"
/local/domain/1/device/vif/0/state = "4"
/local/domain/1/device/vif/0/tx-ring-ref = "520"
/local/domain/1/device/vif/0/rx-ring-ref = "521"
/local/domain/1/device/vif/0/ctrl-ring-ref = "522"
/local/domain/1/console/ring-ref = "233472"
/libxl/1/device/vif/0 = ""
/libxl/1/device/vif/0/frontend = "/local/domain/1/device/vif/0"
/libxl/1/device/vif/0/backend = "/local/domain/0/backend/vif/1/0"
/libxl/1/device/vif/0/state = "1"
)";

void expect_the_vif(const Backends& b) {
  ASSERT_EQ(b.devices.size(), 1U);
  const Backend& vif = b.devices[0];
  EXPECT_EQ(vif.name(), "vif1.0");
  EXPECT_EQ(vif.type, "vif");
  EXPECT_EQ(vif.backend_domain, kDom0);
  EXPECT_EQ(vif.frontend_domain, DomId{1});
  EXPECT_EQ(vif.backend_state, 4);
  EXPECT_EQ(vif.frontend_state, 4);
  EXPECT_TRUE(vif.connected());
  EXPECT_EQ(vif.mac, "00:16:3e:aa:bb:01");
  EXPECT_EQ(vif.bridge, "br0");
  EXPECT_EQ(vif.backend_path, "/local/domain/0/backend/vif/1/0");
  EXPECT_EQ(vif.queues, 1U);
  ASSERT_EQ(vif.rings.size(), 3U);
  RingRef ring;
  EXPECT_EQ(b.device_of(DomId{1}, GrantRef{520}, &ring), &vif);
  EXPECT_EQ(ring.role, RingRole::vif_tx);
  EXPECT_EQ(b.device_of(DomId{1}, GrantRef{521}, &ring), &vif);
  EXPECT_EQ(ring.role, RingRole::vif_rx);
  EXPECT_EQ(b.device_of(DomId{1}, GrantRef{522}, &ring), &vif);
  EXPECT_EQ(ring.role, RingRole::vif_ctrl);
  EXPECT_EQ(b.device_of(DomId{1}, GrantRef{523}, nullptr), nullptr);
  EXPECT_EQ(b.device_of(DomId{2}, GrantRef{520}, nullptr), nullptr);
  EXPECT_EQ(b.device_of(DomId{1}, GrantRef{233472}, nullptr), nullptr) << "a frame number";
}

TEST(Store, PathForm) {
  const Backends b = read(kVif);
  EXPECT_TRUE(b.listing_seen);
  expect_the_vif(b);
  EXPECT_EQ(b.domain_names.at(kDom0), "Domain-0");
  EXPECT_EQ(b.domain_names.at(DomId{1}), "rig");
  EXPECT_EQ(b.dropped, 0U);
}

TEST(Store, PathFormWithPermissionsSomeWrapped) {
  std::string text;
  std::istringstream lines(kVif);
  int number = 0;
  for (std::string line; std::getline(lines, line);)
    text += line + (++number % 3 == 0 ? "\n(n2,r1)\n" : "   (n2,r1)\n");
  expect_the_vif(read(text));
}

TEST(Store, CarriageReturns) {
  std::string text;
  std::istringstream lines(kVif);
  for (std::string line; std::getline(lines, line);) text += line + "\r\n";
  expect_the_vif(read(text));
}

TEST(Store, KeyByKey) {
  StoreParser parser;
  std::istringstream lines(kVif);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t at = line.find(" = \"");
    parser.add(line.substr(0, at), line.substr(at + 4, line.size() - at - 5));
  }
  parser.add("local/domain/1/device/vif/0/tx-ring-ref", "1000");  // No absolute path.
  parser.add("", "");
  expect_the_vif(parser.snapshot());
}

TEST(Store, ALaterListingWins) {
  std::string text = kVif;
  text += R"(/local/domain/1/device/vif/0 = ""
/local/domain/1/device/vif/0/state = "4"
/local/domain/1/device/vif/0/tx-ring-ref = "900"
)";
  const Backends b = read(text);
  EXPECT_NE(b.device_of(DomId{1}, GrantRef{900}, nullptr), nullptr);
  EXPECT_EQ(b.device_of(DomId{1}, GrantRef{520}, nullptr), nullptr) << "from before";
}

TEST(Store, WholeTree) {
  const Backends b = read(R"(tool = ""
 xenstored = ""
local = ""
 domain = ""
  0 = ""
   name = "Domain-0"
   backend = ""
    vif = ""
     2 = ""
      0 = ""
       frontend = "/local/domain/2/device/vif/0"
       state = "4"
       mac = "00:16:3e:00:00:02"
    vbd = ""
     2 = ""
      51712 = ""
       frontend = "/local/domain/2/device/vbd/51712"
       state = "4"
       mac = "x"
  2 = ""
   name = "two"
   device = ""
    suspend = ""
     event-channel = ""
    vbd = ""
     51712 = ""
      backend = "/local/domain/0/backend/vbd/2/51712"
      ring-page-order = "2"
      ring-ref0 = "8"
      ring-ref1 = "9"
      ring-ref2 = "10"
      ring-ref3 = "11"
      state = "4"
    vif = ""
     0 = ""
      backend = "/local/domain/0/backend/vif/2/0"
      multi-queue-num-queues = "2"
      queue-0 = ""
       tx-ring-ref = "2304"
       rx-ring-ref = "2305"
      queue-1 = ""
       tx-ring-ref = "2306"
       rx-ring-ref = "2307"
      state = "4"
)");
  EXPECT_TRUE(b.listing_seen);
  ASSERT_EQ(b.devices.size(), 2U);
  const Backend* const vbd = find(b, "vbd2/51712");
  ASSERT_NE(vbd, nullptr);
  EXPECT_EQ(vbd->rings.size(), 4U);
  EXPECT_EQ(vbd->rings[3].ref, GrantRef{11});
  EXPECT_EQ(vbd->rings[3].role, RingRole::vbd);
  const Backend* const vif = find(b, "vif2.0");
  ASSERT_NE(vif, nullptr);
  EXPECT_EQ(vif->queues, 2U);
  ASSERT_EQ(vif->rings.size(), 4U);
  RingRef ring;
  EXPECT_EQ(b.device_of(DomId{2}, GrantRef{2307}, &ring), vif);
  EXPECT_EQ(ring.role, RingRole::vif_rx);
  EXPECT_EQ(ring.queue, 1U);
  EXPECT_EQ(b.domain_names.at(DomId{2}), "two");
}

TEST(Store, ABackendAndAFrontendFragment) {
  // Neither part shows its upper ancestors; the indentation is that of the paste.
  const Backends b = read(R"(     vif = ""
      1 = ""
       0 = ""
        bridge = "br0"
        frontend = "/local/domain/1/device/vif/0"
        mac = "00:16:3e:00:00:01"
        state = "4"

     vif = ""
      0 = ""
       backend = "/local/domain/3/backend/vif/1/0"
       backend-id = "3"
       state = "4"
       tx-ring-ref = "523"
)");
  ASSERT_EQ(b.devices.size(), 1U);
  EXPECT_EQ(b.devices[0].name(), "vif1.0");
  EXPECT_EQ(b.devices[0].backend_domain, DomId{3}) << "whose directory it is, by the frontend only";
  EXPECT_EQ(b.devices[0].backend_path, "/local/domain/3/backend/vif/1/0");
  EXPECT_EQ(b.devices[0].bridge, "br0");
  EXPECT_EQ(b.devices[0].rings.size(), 1U);
}

TEST(Store, ABackendFragmentAlone) {
  const Backends b = read("  vif = \"\"\n   4 = \"\"\n    1 = \"\"\n     state = \"2\"\n");
  ASSERT_EQ(b.devices.size(), 1U);
  EXPECT_EQ(b.devices[0].name(), "vif4.1");
  EXPECT_EQ(b.devices[0].backend_domain, kDom0);
  EXPECT_FALSE(b.devices[0].connected());
}

TEST(Store, FrontendFragmentsOfTwoGuestsAreKeptApart) {
  const Backends b = read(R"(vif = ""
 0 = ""
  backend = "/local/domain/0/backend/vif/1/0"
  tx-ring-ref = "100"
vif = ""
 0 = ""
  backend = "/local/domain/0/backend/vif/2/0"
  tx-ring-ref = "200"
)");
  ASSERT_EQ(b.devices.size(), 2U);
  EXPECT_NE(b.device_of(DomId{1}, GrantRef{100}, nullptr), nullptr);
  EXPECT_NE(b.device_of(DomId{2}, GrantRef{200}, nullptr), nullptr);
  EXPECT_EQ(b.device_of(DomId{1}, GrantRef{200}, nullptr), nullptr);
}

TEST(Store, AFragmentThatBeginsBelowTheType) {
  const Backends b = read(R"(   0 = ""
    backend = "/local/domain/0/backend/vif/5/0"
    state = "4"
    tx-ring-ref = "77"
   51712 = ""
    backend = "/local/domain/0/backend/qdisk/5/51712"
    ring-ref = "78"
   0 = ""
    backend = "/local/domain/0/backend/vkbd/5/0"
    ring-ref = "79"
  6 = ""
   1 = ""
    frontend = "/local/domain/6/device/vif/1"
    frontend-id = "6"
    state = "4"
)");
  ASSERT_EQ(b.devices.size(), 4U);
  ASSERT_NE(find(b, "vif5.0"), nullptr);
  EXPECT_EQ(find(b, "vif5.0")->rings.at(0).role, RingRole::vif_tx);
  ASSERT_NE(find(b, "vbd5/51712 (qdisk)"), nullptr);
  EXPECT_EQ(find(b, "vbd5/51712 (qdisk)")->rings.at(0).role, RingRole::vbd);
  ASSERT_NE(find(b, "vkbd5/0"), nullptr);
  EXPECT_EQ(find(b, "vkbd5/0")->rings.at(0).role, RingRole::other);
  ASSERT_NE(find(b, "vif6.1"), nullptr);
  EXPECT_EQ(find(b, "vif6.1")->backend_state, 4);
}

TEST(Store, ADomainsSubtreeWithTheToolstacksCopy) {
  const Backends b = read(R"(  37 = ""
   name = "guest"
   device = ""
    vbd = ""
     51712 = ""
      backend = "/local/domain/0/backend/qdisk/37/51712"
      backend-id = "0"
      state = "4"
      ring-ref = "2312"
    vkbd = ""
     0 = ""
      backend = "/local/domain/0/backend/vkbd/37/0"
      state = "4"
      page-ref = "4156386"
      page-gref = "270"
   control = ""
libxl = ""
 0 = ""
  device = ""
   vbd = ""
    51712 = ""
     frontend = "/local/domain/0/device/vbd/51712"
     backend = "/local/domain/0/backend/qdisk/0/51712"
     state = "1"
 37 = ""
  device = ""
   vbd = ""
    51712 = ""
     frontend = "/local/domain/37/device/vbd/51712"
     backend = "/local/domain/0/backend/qdisk/37/51712"
     state = "1"
)");
  ASSERT_EQ(b.devices.size(), 3U);
  EXPECT_EQ(b.domain_names.at(DomId{37}), "guest");
  const Backend* const disk = find(b, "vbd37/51712 (qdisk)");
  ASSERT_NE(disk, nullptr);
  EXPECT_TRUE(disk->connected()) << "the copy's state stays at 1 for ever";
  EXPECT_EQ(disk->rings.at(0).ref, GrantRef{2312});
  const Backend* const keyboard = find(b, "vkbd37/0");
  ASSERT_NE(keyboard, nullptr);
  ASSERT_EQ(keyboard->rings.size(), 1U) << "page-ref is a frame number";
  EXPECT_EQ(keyboard->rings[0].ref, GrantRef{270});
  EXPECT_EQ(keyboard->rings[0].role, RingRole::other);
  const Backend* const own = find(b, "vbd0/51712 (qdisk)");
  ASSERT_NE(own, nullptr) << "dom0 is served by itself";
  EXPECT_EQ(own->frontend_domain, kDom0);
  EXPECT_EQ(own->backend_domain, kDom0);
  EXPECT_FALSE(own->connected());
}

TEST(Store, ACopyWithoutItsRootIsKnownByNamingBothEnds) {
  const Backends b = read(R"( 37 = ""
  device = ""
   vif = ""
    0 = ""
     frontend = "/local/domain/37/device/vif/0"
     backend = "/local/domain/0/backend/vif/37/0"
     state = "1"
)");
  ASSERT_EQ(b.devices.size(), 1U);
  EXPECT_EQ(b.devices[0].name(), "vif37.0");
  EXPECT_FALSE(b.devices[0].frontend_state.has_value());
}

TEST(Store, ADriverDomain) {
  const Backends b = read(R"(/local/domain/2/name = "guest1"   (n0,r2)
/local/domain/2/device/vif/0 = ""   (n2,r1)
/local/domain/2/device/vif/0/backend = "/local/domain/1/backend/vif/2/0"
(n2,r1)
/local/domain/2/device/vif/0/backend-id = "1"   (n2,r1)
/local/domain/2/device/vif/0/state = "6"   (n2,r1)
/local/domain/2/device/vif/0/mac = "00:16:3e:00:00:02"   (n2,r1)
)");
  ASSERT_EQ(b.devices.size(), 1U);
  EXPECT_EQ(b.devices[0].backend_domain, DomId{1});
  EXPECT_EQ(b.devices[0].frontend_state, 6);
  EXPECT_FALSE(b.devices[0].backend_state.has_value());
  EXPECT_EQ(b.devices[0].mac, "") << "what the guest says of its address is not heard";
}

TEST(Store, WhoServesAFrontendThatNamesNoPath) {
  const Backends b = read(R"(/local/domain/2/device/vif/0/backend-id = "1"
/local/domain/3/device/vif/0/state = "4"
/local/domain/4/device/vif/0 = ""
/local/domain/5/device/vif/0/backend-id = "nobody"
)");
  ASSERT_EQ(b.devices.size(), 2U) << "an empty directory is no device";
  EXPECT_EQ(find(b, "vif2.0")->backend_domain, DomId{1});
  EXPECT_EQ(find(b, "vif3.0")->backend_domain, kDom0);
  EXPECT_TRUE(find(b, "vif3.0")->connected()) << "only the frontend is listed";
}

TEST(Store, AGuestCannotClaimAnothersBackend) {
  std::string text = kVif;
  text += R"(/local/domain/9/device/vif/0/backend = "/local/domain/0/backend/vif/1/0"
/local/domain/9/device/vif/0/tx-ring-ref = "4000"
/local/domain/9/device/vif/0/state = "4"
/local/domain/1/device/vif/0/backend = "/local/domain/7/backend/vif/1/0"
)";
  const Backends b = read(text);
  ASSERT_EQ(b.devices.size(), 2U);
  EXPECT_EQ(find(b, "vif1.0")->backend_domain, kDom0) << "the backend's own directory is listed";
  EXPECT_EQ(find(b, "vif1.0")->rings.size(), 3U);
  EXPECT_EQ(b.device_of(DomId{1}, GrantRef{4000}, nullptr), nullptr);
  ASSERT_NE(find(b, "vif9.0"), nullptr);
  EXPECT_EQ(find(b, "vif9.0")->backend_domain, kDom0);
}

TEST(Store, AFrontendAtOneOfTwoBackends) {
  // Moved from a driver domain to dom0; the old directory is still there.
  const Backends b = read(R"(/local/domain/0/backend/vif/1/0/state = "4"
/local/domain/3/backend/vif/1/0/state = "6"
/local/domain/1/device/vif/0/backend = "/local/domain/3/backend/vif/1/0"
/local/domain/1/device/vif/0/tx-ring-ref = "50"
)");
  ASSERT_EQ(b.devices.size(), 2U);
  EXPECT_EQ(b.device_of(DomId{1}, GrantRef{50}, nullptr)->backend_domain, DomId{3});
}

TEST(Store, GuestWrittenValues) {
  const Backends b =
      read(R"(/local/domain/1/device/vif/0/backend = "/local/domain/0/backend/vif/1/0"
/local/domain/1/device/vif/0/state = "99999999999999999999"
/local/domain/1/device/vif/0/tx-ring-ref = "4294967296"
/local/domain/1/device/vif/0/rx-ring-ref = "-1"
/local/domain/1/device/vif/0/ctrl-ring-ref = "0x10"
/local/domain/1/device/vif/0/multi-queue-num-queues = "4000000000"
/local/domain/1/device/vif/0/queue-1024/tx-ring-ref = "10"
/local/domain/1/device/vif/0/queue-x/tx-ring-ref = "11"
/local/domain/1/device/vif/0/queue-1/state = "4"
/local/domain/1/device/vif/0/queue-1/x/tx-ring-ref = "12"
/local/domain/1/device/vbd/51712/ring-ref99999 = "13"
/local/domain/1/device/vbd/51712/ring-refx = "13"
/local/domain/1/device/vbd/51712/state = "9"
/local/domain/99999/device/vif/0/state = "4"
/local/domain/1/device/vif/4294967296/state = "4"
)");
  ASSERT_EQ(b.devices.size(), 1U);
  EXPECT_FALSE(b.devices[0].frontend_state.has_value());
  EXPECT_TRUE(b.devices[0].rings.empty());
  EXPECT_EQ(b.devices[0].queues, 1U);
}

TEST(Store, AValueThatBecomesUnreadableIsGone) {
  const Backends b = read(R"(/local/domain/1/device/vif/0/state = "4"
/local/domain/1/device/vif/0/tx-ring-ref = "520"
/local/domain/1/device/vif/0/rx-ring-ref = "521"
/local/domain/1/device/vif/0/rx-ring-ref = "522"
/local/domain/1/device/vif/0/tx-ring-ref = ""
/local/domain/1/device/vif/0/multi-queue-num-queues = "0"
)");
  ASSERT_EQ(b.devices.size(), 1U);
  ASSERT_EQ(b.devices[0].rings.size(), 1U);
  EXPECT_EQ(b.devices[0].rings[0].ref, GrantRef{522});
  EXPECT_EQ(b.devices[0].queues, 1U);
}

TEST(Store, RefsZeroAndOneBelongToNoDevice) {
  Backends b = read(R"(/local/domain/1/device/vif/0/tx-ring-ref = "0"
/local/domain/1/device/vif/0/rx-ring-ref = "1"
)");
  ASSERT_EQ(b.devices.size(), 1U);
  EXPECT_EQ(b.device_of(DomId{1}, GrantRef{0}, nullptr), nullptr);
  EXPECT_EQ(b.device_of(DomId{1}, GrantRef{1}, nullptr), nullptr);
}

TEST(Store, OneRefAnnouncedTwiceGoesToTheConnectedDevice) {
  const std::string text = R"(/local/domain/1/device/vif/0/tx-ring-ref = "50"
/local/domain/1/device/vif/1/tx-ring-ref = "50"
/local/domain/1/device/vif/1/state = "4"
/local/domain/1/device/vif/2/tx-ring-ref = "50"
)";
  Backends b = read(text);
  EXPECT_EQ(b.device_of(DomId{1}, GrantRef{50}, nullptr), find(b, "vif1.1"));
  b.by_ref.clear();  // As in a value made by hand.
  RingRef ring;
  EXPECT_EQ(b.device_of(DomId{1}, GrantRef{50}, &ring), find(b, "vif1.1"));
  EXPECT_EQ(ring.ref, GrantRef{50});
  EXPECT_EQ(b.device_of(DomId{1}, GrantRef{51}, nullptr), nullptr);
  EXPECT_EQ(b.device_of(DomId{2}, GrantRef{50}, nullptr), nullptr);
}

TEST(Store, ConsolesAndOtherTypes) {
  const Backends b = read(R"(/local/domain/0/backend/console/1/0/state = "1"
/local/domain/0/backend/9pfs/1/3/state = "4"
/local/domain/1/device/console/1/ring-ref = "40"
/local/domain/1/device/vsnd/0/0/req-ring-ref = "41"
/local/domain/1/device/vdispl/0/req-ring-ref = "42"
)");
  ASSERT_NE(find(b, "console1/0"), nullptr);
  EXPECT_FALSE(find(b, "console1/0")->connected());
  ASSERT_NE(find(b, "9pfs1/3"), nullptr);
  RingRef ring;
  ASSERT_NE(b.device_of(DomId{1}, GrantRef{40}, &ring), nullptr);
  EXPECT_EQ(ring.role, RingRole::console);
  ASSERT_NE(b.device_of(DomId{1}, GrantRef{42}, &ring), nullptr);
  EXPECT_EQ(ring.role, RingRole::other);
}

TEST(Store, TextThatIsNoListing) {
  Store store;
  EXPECT_EQ(store.say("compatible = \"arm,smmu-v2\";"), Consumed::no);
  EXPECT_EQ(store.say("name = \"guest\""), Consumed::no);
  EXPECT_EQ(store.say("Processor: 411fd070: \"ARM Limited\""), Consumed::no);
  EXPECT_EQ(store.say("/boot/a = \"b\""), Consumed::no);
  EXPECT_EQ(store.say("/local/domain/1/device/vif/0/state = \"4\"", Speaker::xen), Consumed::no);
  EXPECT_EQ(store.say("/local/domain/1/device/vif/0/state = \"4\"", Speaker::dom0_kernel),
            Consumed::no);
  EXPECT_EQ(store.say("/local/domain/1/device/vif/0/state = \"4\"", Speaker::unknown, true),
            Consumed::no);
  EXPECT_EQ(store.say("/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q/r/s = \"4\""), Consumed::no);
  const Backends b = store.parser.snapshot();
  EXPECT_FALSE(b.listing_seen);
  EXPECT_TRUE(b.devices.empty());
  EXPECT_EQ(store.say("/local/domain/1/memory/target = \"4\""), Consumed::yes);
  EXPECT_TRUE(store.parser.snapshot().listing_seen);
}

TEST(Store, ANewInputBeginsANewTree) {
  Store store;
  store.say("37 = \"\"");
  store.say(" device = \"\"");
  store.input = 1;
  store.say("  vif = \"\"");
  store.say("   0 = \"\"");
  store.say("    tx-ring-ref = \"5\"");
  EXPECT_TRUE(store.parser.snapshot().devices.empty());
}

TEST(Store, AStepOfTwoColumnsIsANewFragment) {
  const Backends b = read(R"(37 = ""
 control = ""
     vif = ""
      1 = ""
       0 = ""
        state = "4"
)");
  ASSERT_EQ(b.devices.size(), 1U);
  EXPECT_EQ(b.devices[0].name(), "vif1.0");
}

TEST(Store, NamesThatCouldDisturbATerminalAreNotKept) {
  StoreParser parser;
  parser.add("/local/domain/1/name", "evil\x1b[2J");
  parser.add("/local/domain/2/name", std::string(257, 'n'));
  parser.add("/local/domain/0/backend/vif/1/0/mac", std::string(65, 'm'));
  parser.add("/local/domain/0/backend/vif/1/0/bridge", "br\n0");
  const Backends b = parser.snapshot();
  EXPECT_EQ(b.domain_names.at(DomId{1}), "");
  EXPECT_EQ(b.domain_names.at(DomId{2}), "");
  ASSERT_EQ(b.devices.size(), 1U);
  EXPECT_EQ(b.devices[0].mac, "");
  EXPECT_EQ(b.devices[0].bridge, "");
}

TEST(Store, VeryDeepAndVeryLongNames) {
  std::string text;
  for (std::size_t depth = 0; depth < 200; ++depth) text += std::string(depth, ' ') + "1 = \"\"\n";
  text += std::string(10000, 'a') + " = \"\"\n";
  text += " device = \"\"\n";
  const Backends b = read(text);
  EXPECT_TRUE(b.devices.empty());
}

TEST(Store, DevicesOverTheLimitAreCounted) {
  StoreParser parser;
  const auto node = [](std::size_t i) {
    return "/local/domain/" + std::to_string(1 + i / 100) + "/device/vif/" +
           std::to_string(i % 100);
  };
  for (std::size_t i = 0; i < Backends::kMaxDevices + 10; ++i) {
    parser.add(node(i) + "/tx-ring-ref", "100");
    parser.add(node(i) + "/state", "4");
    parser.add("/local/domain/" + std::to_string(i) + "/name", "n");
  }
  Backends b = parser.snapshot();
  EXPECT_EQ(b.devices.size(), Backends::kMaxDevices);
  EXPECT_EQ(b.dropped, 10U);
  EXPECT_EQ(b.domain_names.size(), Backends::kMaxDevices);
  // What the toolstack lists comes before what guests say.
  parser.add("/local/domain/0/backend/vif/32000/0/state", "4");
  b = parser.snapshot();
  EXPECT_EQ(b.devices.size(), Backends::kMaxDevices);
  EXPECT_NE(find(b, "vif32000.0"), nullptr);
  EXPECT_EQ(b.dropped, 11U);
}

TEST(Store, RingsOverTheLimitAreNotKept) {
  StoreParser parser;
  for (int queue = 0; queue < 100; ++queue)
    parser.add("/local/domain/1/device/vif/0/queue-" + std::to_string(queue) + "/tx-ring-ref",
               std::to_string(1000 + queue));
  const Backends b = parser.snapshot();
  ASSERT_EQ(b.devices.size(), 1U);
  EXPECT_EQ(b.devices[0].rings.size(), Backends::kMaxRings);
}

TEST(Store, LiteralsAreInEveryLine) {
  ASSERT_EQ(StoreParser::literals().size(), 1U);
  EXPECT_EQ(StoreParser::literals()[0], " = \"");
}

// ---- real logs ----------------------------------------------------------------------------------

std::string slurp(const std::filesystem::path& path) {
  std::ifstream file(path);
  EXPECT_TRUE(file) << path;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(StoreFieldLogs, PathFormOfADriverDomainsGuest) {
  const char* const folder = std::getenv("XIC_FIELD_DIR");
  if (folder == nullptr) GTEST_SKIP() << "XIC_FIELD_DIR is not set";
  const Backends b =
      read(slurp(std::filesystem::path(folder) / "logs/13-xenstore-ls-vif-driver-domain.log"));
  ASSERT_EQ(b.devices.size(), 1U);
  const Backend& vif = b.devices[0];
  EXPECT_EQ(vif.name(), "vif2.0");
  EXPECT_EQ(vif.backend_domain, DomId{1});
  EXPECT_EQ(vif.backend_path, "/local/domain/1/backend/vif/2/0");
  EXPECT_EQ(vif.frontend_state, 6);
  EXPECT_EQ(b.domain_names.at(DomId{2}), "guest1");
}

TEST(StoreFieldLogs, TwoFragmentsOfATree) {
  const char* const folder = std::getenv("XIC_FIELD_DIR");
  if (folder == nullptr) GTEST_SKIP() << "XIC_FIELD_DIR is not set";
  const Backends b =
      read(slurp(std::filesystem::path(folder) / "logs/65-xenstore-ls-vif-backend-connected.log"));
  ASSERT_EQ(b.devices.size(), 1U);
  const Backend& vif = b.devices[0];
  EXPECT_EQ(vif.name(), "vif1.0");
  EXPECT_EQ(vif.backend_domain, kDom0);
  EXPECT_EQ(vif.backend_path, "/local/domain/0/backend/vif/1/0");
  EXPECT_EQ(vif.bridge, "xen_bridge");
  EXPECT_EQ(vif.mac, "00:16:3e:49:0e:fa");
  EXPECT_EQ(vif.backend_state, 4);
  EXPECT_EQ(vif.queues, 1U);
  RingRef ring;
  EXPECT_EQ(b.device_of(DomId{1}, GrantRef{523}, &ring), &vif);
  EXPECT_EQ(ring.role, RingRole::vif_tx);
  EXPECT_EQ(b.device_of(DomId{1}, GrantRef{524}, &ring), &vif);
  EXPECT_EQ(ring.role, RingRole::vif_rx);
}

TEST(StoreFieldLogs, ADomainsTreeAndTheToolstacksCopies) {
  const char* const folder = std::getenv("XIC_FIELD_DIR");
  if (folder == nullptr) GTEST_SKIP() << "XIC_FIELD_DIR is not set";
  const Backends b =
      read(slurp(std::filesystem::path(folder) / "logs/66-xenstore-ls-multiqueue-vif-qdisk.log"));
  EXPECT_EQ(b.domain_names.at(DomId{37}), "guest_centos7");
  const Backend* const disk = find(b, "vbd37/51712 (qdisk)");
  ASSERT_NE(disk, nullptr);
  EXPECT_EQ(disk->backend_path, "/local/domain/0/backend/qdisk/37/51712");
  EXPECT_TRUE(disk->connected());
  EXPECT_EQ(disk->rings.at(0).ref, GrantRef{2312});
  const Backend* const vif = find(b, "vif37.0");
  ASSERT_NE(vif, nullptr);
  EXPECT_TRUE(vif->connected());
  EXPECT_EQ(vif->queues, 4U);
  ASSERT_EQ(vif->rings.size(), 8U);
  for (std::uint32_t i = 0; i < 8; ++i) EXPECT_EQ(vif->rings[i].ref, GrantRef{2304 + i});
  const Backend* const own = find(b, "vbd0/51712 (qdisk)");
  ASSERT_NE(own, nullptr);
  EXPECT_EQ(own->backend_path, "/local/domain/0/backend/qdisk/0/51712");
  EXPECT_EQ(b.devices.size(), 4U);
}

TEST(StoreCaptures, RecordingOfARealHost) {
  const char* const folder = std::getenv("XIC_CAPTURES_DIR");
  if (folder == nullptr) GTEST_SKIP() << "XIC_CAPTURES_DIR is not set";
  const Backends b =
      read(slurp(std::filesystem::path(folder) / "xen-4.14.1-smmu/xenstore-ls-f.txt"));
  EXPECT_EQ(b.domain_names.at(DomId{1}), "rigdomu");
  const Backend* const vif = find(b, "vif1.0");
  ASSERT_NE(vif, nullptr);
  EXPECT_TRUE(vif->connected());
  RingRef ring;
  EXPECT_EQ(b.device_of(DomId{1}, GrantRef{0x208}, &ring), vif);
  EXPECT_EQ(ring.role, RingRole::vif_tx);
}

}  // namespace
}  // namespace xic
