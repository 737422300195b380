// Lines and paths of the store.
#include <gtest/gtest.h>

#include <string>

#include "core/backend/store_line.h"
#include "core/backend/store_path.h"

namespace xic {
namespace {

TEST(StoreLine, Forms) {
  struct Case {
    const char* raw;
    std::size_t indent;
    const char* key;
    const char* value;
  };
  for (const Case& c : {
           Case{"/local/domain/1/name = \"guest\"", 0, "/local/domain/1/name", "guest"},
           Case{"/local/domain/1/name = \"guest\"   (n0,r1)", 0, "/local/domain/1/name", "guest"},
           Case{"/local/domain/1/name = \"guest\" ", 0, "/local/domain/1/name", "guest"},
           Case{"/local/domain/1/name = \"guest\"\r", 0, "/local/domain/1/name", "guest"},
           Case{"   state = \"4\"", 3, "state", "4"},
           Case{"   state = \"4\"   (n2,r1)\r", 3, "state", "4"},
           Case{"vif = \"\"", 0, "vif", ""},
           Case{"  a = \"say \"hi\"\"", 2, "a", "say \"hi\""},
           Case{"  a = \"b = \"c\"\"", 2, "a", "b = \"c\""},
           Case{"  a = \"x (n0)\"", 2, "a", "x (n0)"},
           Case{"  a = \"/local/domain/0/back\\...\"", 2, "a", "/local/domain/0/back\\..."},
       }) {
    const auto line = parse_store_line(c.raw);
    ASSERT_TRUE(line) << c.raw;
    EXPECT_EQ(line->indent, c.indent) << c.raw;
    EXPECT_EQ(line->key, c.key) << c.raw;
    EXPECT_EQ(line->value, c.value) << c.raw;
  }
}

TEST(StoreLine, OtherText) {
  for (const char* const raw :
       {"", " = \"\"", "  = \"x\"", "compatible = \"arm,smmu-v2\";", "a = \"unterminated", "a = \"",
        "a = \"x\" (nonsense!)", "a = \"x\" n0)", "a = \"x\" trailing", "a=\"x\"", "a = x",
        "\ta = \"x\"", "k\xc3\xa4 = \"x\"", "root# grep a = \"x\" file"})
    EXPECT_FALSE(parse_store_line(raw)) << raw;
}

TEST(StorePath, Decimal) {
  EXPECT_EQ(parse_decimal("0", 5), 0U);
  EXPECT_EQ(parse_decimal("5", 5), 5U);
  EXPECT_EQ(parse_decimal("4294967295", ~0U), ~0U);
  for (const char* const text : {"", "6", "-1", "+1", " 1", "1 ", "0x1", "1a", "4294967296",
                                 "99999999999999999999999", "1\\..."})
    EXPECT_FALSE(parse_decimal(text, 5)) << text;
  EXPECT_EQ(parse_domain("32751"), DomId{0x7fef});
  EXPECT_FALSE(parse_domain("32752"));
}

TEST(StorePath, BackendAndFrontendPaths) {
  const auto back = parse_backend_path("/local/domain/1/backend/qdisk/37/51712");
  ASSERT_TRUE(back);
  EXPECT_EQ(back->backend, DomId{1});
  EXPECT_EQ(back->type, "qdisk");
  EXPECT_EQ(back->frontend, DomId{37});
  EXPECT_EQ(back->handle, 51712U);
  for (const char* const path :
       {"", "/", "local/domain/1/backend/vif/1/0", "/local/domain/1/backend/vif/1",
        "/local/domain/1/backend/vif/1/0/state", "/local/domain/1/backend/vif/1/0/",
        "/local/domain/x/backend/vif/1/0", "/local/domain/1/backend/vif/x/0",
        "/local/domain/1/backend/vif/1/x", "/local/domain/1/backend//1/0",
        "/local/domain/1/backend/v\x01/1/0", "/local/domain/1/device/vif/0", "/1/backend/vif/1/0",
        "/local/domain/1/backend/vif/1/0\\...", "//local/domain/1/backend/vif/1/0"})
    EXPECT_FALSE(parse_backend_path(path)) << path;
  const std::string long_type(33, 'v');
  EXPECT_FALSE(parse_backend_path("/local/domain/0/backend/" + long_type + "/1/0"));
  EXPECT_FALSE(parse_backend_path(std::string(100000, '/')));

  const auto front = parse_frontend_path("/local/domain/37/device/vbd/51712");
  ASSERT_TRUE(front);
  EXPECT_EQ(front->frontend, DomId{37});
  EXPECT_EQ(front->type, "vbd");
  EXPECT_EQ(front->handle, 51712U);
  for (const char* const path :
       {"/local/domain/37/device/vbd", "/local/domain/37/device/vbd/1/x", "/local/domain/1/console",
        "/libxl/1/device/vif/0", "device/vif/0"})
    EXPECT_FALSE(parse_frontend_path(path)) << path;
}

StorePlace place(std::string_view path) {
  PathComponents components;
  EXPECT_TRUE(components.split(path)) << path;
  return place_of(components.all(), path.starts_with('/'));
}

TEST(StorePath, Places) {
  using Kind = StorePlace::Kind;
  struct Case {
    const char* path;
    Kind kind;
    std::size_t depth;
  };
  for (const Case& c : {
           Case{"/local/domain/0/backend/vif/1/0", Kind::backend, 7},
           Case{"/local/domain/0/backend/vif/1/0/state", Kind::backend, 7},
           Case{"/local/domain/0/backend/vif/1", Kind::none, 0},
           Case{"/local/domain/1/device/vif/0/queue-0/tx-ring-ref", Kind::frontend, 6},
           Case{"/local/domain/1/device/suspend/event-channel", Kind::none, 0},
           Case{"/local/domain/1/name", Kind::domain_name, 3},
           Case{"/local/domain/1/name/x", Kind::none, 0},
           Case{"/local/domain/1/console/ring-ref", Kind::none, 0},
           Case{"/local/domain/1", Kind::none, 0},
           Case{"/local/domain", Kind::none, 0},
           Case{"/local", Kind::none, 0},
           Case{"/libxl/1/device/vif/0/state", Kind::libxl, 5},
           Case{"/libxl/1/type", Kind::none, 0},
           Case{"/libxl/x/device/vif/0", Kind::none, 0},
           Case{"/vm/1/device/vif/0/state", Kind::none, 0},
           Case{"/backend/vif/1/0/state", Kind::none, 0},
           Case{"domain/1/device/vif/0/state", Kind::frontend, 5},
           Case{"1/device/vif/0/state", Kind::frontend, 4},
           Case{"1/backend/vif/2/0/state", Kind::backend, 5},
           Case{"1/name", Kind::domain_name, 1},
           Case{"backend/vif/1/0/state", Kind::backend, 4},
           Case{"device/vif/0/state", Kind::frontend, 3},
           Case{"vif/1/0/state", Kind::backend, 3},
           Case{"vif/0/state", Kind::frontend, 2},
           Case{"vif/0", Kind::none, 0},
           Case{"vif", Kind::none, 0},
           Case{"1/0/state", Kind::bare, 2},
           Case{"0/state", Kind::bare, 1},
           Case{"1/0", Kind::bare, 1},
           Case{"1", Kind::none, 0},
           Case{"name", Kind::none, 0},
           Case{"unheard-of/1/0/state", Kind::none, 0},
       }) {
    const StorePlace found = place(c.path);
    EXPECT_EQ(found.kind, c.kind) << c.path;
    EXPECT_EQ(found.depth, c.depth) << c.path;
  }
  EXPECT_EQ(place_of({}, true).kind, Kind::none);
}

}  // namespace
}  // namespace xic
