// One line of a 'g' dump, in the forms of every Xen.
#include <gtest/gtest.h>

#include <string>

#include "core/grant/entry.h"

namespace xic {
namespace {

EntryForm form_of(std::string_view text) {
  Grant grant;
  return parse_entry(text, &grant);
}

TEST(GrantEntry, Xen411ToMaster) {
  Grant grant;
  grant.granter = DomId{7};
  ASSERT_EQ(parse_entry("[0x208]      0 0x97f75 0x00000001          0 0x048175 0x19", &grant),
            EntryForm::whole);
  EXPECT_EQ(grant.ref, GrantRef{0x208});
  EXPECT_EQ(grant.grantee, kDom0);
  EXPECT_EQ(grant.frame, Frame{0x97f75});
  EXPECT_EQ(grant.pin, 1U);
  EXPECT_EQ(grant.guest_flags, 0x19);
  EXPECT_EQ(grant.granter, DomId{7}) << "stands in no entry";
}

TEST(GrantEntry, Xen49And410) {
  Grant grant;
  ASSERT_EQ(parse_entry("[0x1234]     12 0x8424cb 0x00000100         12 0x048175 0x05", &grant),
            EntryForm::whole);
  EXPECT_EQ(grant.ref, GrantRef{0x1234});
  EXPECT_EQ(grant.grantee, DomId{12});
  EXPECT_EQ(grant.frame, Frame{0x8424cb});
  EXPECT_EQ(grant.pin, 0x100U);
  EXPECT_FALSE(grant.writable());
}

TEST(GrantEntry, Xen44To48CountsRefsInDecimal) {
  Grant grant;
  ASSERT_EQ(parse_entry("[  8]        0 0x0bdf23 0x00000001          0 0x039000 0x19", &grant),
            EntryForm::whole);
  EXPECT_EQ(grant.ref, GrantRef{8});
  ASSERT_EQ(parse_entry("[520]        0 0x0bdf23 0x00000001          0 0x039000 0x19", &grant),
            EntryForm::whole);
  EXPECT_EQ(grant.ref, GrantRef{520});
  ASSERT_EQ(parse_entry("[123456]    32751 0x0bdf23 0x00000001          0 0x039000 0x19", &grant),
            EntryForm::whole);
  EXPECT_EQ(grant.ref, GrantRef{123456});
  EXPECT_EQ(grant.grantee, DomId{0x7fef});
}

TEST(GrantEntry, PinsOfDeviceMapsAndSeveralMaps) {
  Grant grant;
  ASSERT_EQ(parse_entry("[0x001]      0 0xbfd6f 0x02000000          0 0x039001 0x19", &grant),
            EntryForm::whole);
  EXPECT_FALSE(grant.writable());
  ASSERT_EQ(parse_entry("[0x001]      0 0xbfd6f 0x00010203          0 0x039001 0x19", &grant),
            EntryForm::whole);
  EXPECT_TRUE(grant.writable());
  EXPECT_EQ(grant.pin, 0x10203U);
}

TEST(GrantEntry, WhatTheGuestWroteMayBeAnything) {
  Grant grant;
  EXPECT_EQ(
      parse_entry("[0x001]      0 0xbfd6f 0x00000001      65535 0xffffffffffffffff 0xffff", &grant),
      EntryForm::whole);
  EXPECT_EQ(grant.guest_flags, 0xffff);
}

TEST(GrantEntry, TrailingBlanksDoNotMatter) {
  EXPECT_EQ(form_of("[0x208]      0 0x97f75 0x00000001          0 0x048175 0x19  "),
            EntryForm::whole);
}

TEST(GrantEntry, CutAnywhereItIsNeverMisread) {
  const std::string whole = "[0x208]      0 0x97f75 0x00000001          0 0x048175 0x19";
  const std::size_t pin_end = whole.find("0x00000001") + 10;
  for (std::size_t size = 0; size < whole.size(); ++size) {
    Grant grant;
    const EntryForm form = parse_entry(std::string_view(whole).substr(0, size), &grant);
    if (size < 2) {
      EXPECT_EQ(form, EntryForm::no_entry) << size;
    } else if (size < pin_end) {
      EXPECT_EQ(form, EntryForm::broken) << size;
    } else if (size == whole.size() - 1) {
      EXPECT_EQ(form, EntryForm::whole) << "a flags word of one digit cannot be told";
    } else {
      EXPECT_EQ(form, EntryForm::cut) << size;
      EXPECT_EQ(grant.frame, Frame{0x97f75});
      EXPECT_EQ(grant.guest_flags, 0);
    }
  }
}

TEST(GrantEntry, OtherLinesWithBrackets) {
  for (const char* const text :
       {"", "[", "[]", "[ref] localdom mfn      pin          localdom gmfn     flags",
        "[   20.577011] smmu: /smmu@fd800000: Unhandled context fault", "[0x04:0x00.0] fault",
        "[mem 0x0000-0xffff]", "[-5]    1 0x2 0x3", "[+5]", "[0x] 0", "[0xg]", "[    ", "0x208]",
        "[0x1ffffffff] 0 0x97f75 0x00000001", "[4294967296]    0 0x97f75 0x00000001"})
    EXPECT_EQ(form_of(text), EntryForm::no_entry) << text;
}

TEST(GrantEntry, XensOwnColumnsMustBeWhole) {
  for (const char* const text : {
           "[0x208]",
           "[0x208]0 0x97f75 0x00000001          0 0x048175 0x19",
           "[0x208]      x 0x97f75 0x00000001          0 0x048175 0x19",
           "[0x208]     -1 0x97f75 0x00000001          0 0x048175 0x19",
           "[0x208]  32752 0x97f75 0x00000001          0 0x048175 0x19",
           "[0x208]      0 97f75 0x00000001          0 0x048175 0x19",
           "[0x208]      0 0x 0x00000001          0 0x048175 0x19",
           "[0x208]      0 0x10000000000000 0x00000001          0 0x048175 0x19",
           "[0x208]      0 0x97f75 0x0000001          0 0x048175 0x19",
           "[0x208]      0 0x97f75 0x100000001          0 0x048175 0x19",
           "[0x208]      0 0x97f75 0x000000001          0 0x048175 0x19",
           "[0x208]      0 0x97f75 0x00000000          0 0x048175 0x19",
           "[0x208]      0 0x97f75 0x0000000g          0 0x048175 0x19",
       })
    EXPECT_EQ(form_of(text), EntryForm::broken) << text;
}

TEST(GrantEntry, OtherTextInTheGuestsColumnsIsDamage) {
  for (const char* const text : {
           "[0x208]      0 0x97f75 0x00000001smmu: x",
           "[0x208]      0 0x97f75 0x00000001 smmu: x",
           "[0x208]      0 0x97f75 0x00000001          0smmu",
           "[0x208]      0 0x97f75 0x00000001      65536 0x048175 0x19",
           "[0x208]      0 0x97f75 0x00000001          0 048175 0x19",
           "[0x208]      0 0x97f75 0x00000001          0 0xg 0x19",
           "[0x208]      0 0x97f75 0x00000001          0 0x048175smmu",
           "[0x208]      0 0x97f75 0x00000001          0 0x048175 0x10000",
           "[0x208]      0 0x97f75 0x00000001          0 0x048175 0x19 more",
           "[0x208]      0 0x97f75 0x00000001          0 0x048175 0x19more",
       })
    EXPECT_EQ(form_of(text), EntryForm::broken) << text;
}

}  // namespace
}  // namespace xic
