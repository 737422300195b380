#include <gtest/gtest.h>

#include "core/backend/backend.h"

namespace xic {
namespace {

Backend vif() {
  Backend device;
  device.type = "vif";
  device.backend_domain = kDom0;
  device.frontend_domain = DomId{3};
  device.backend_state = 4;
  device.queues = 2;
  device.rings = {{RingRole::vif_tx, 0, GrantRef{768}},
                  {RingRole::vif_rx, 0, GrantRef{769}},
                  {RingRole::vif_tx, 1, GrantRef{770}}};
  return device;
}

TEST(TxRing, NamesTheTransmitRingOfAQueue) {
  const auto ring = TxRing::of(vif(), 1);
  ASSERT_TRUE(ring);
  EXPECT_EQ(ring->domain(), DomId{3});
  EXPECT_EQ(ring->ref(), GrantRef{770});
}

TEST(TxRing, NamesNothingElse) {
  EXPECT_FALSE(TxRing::of(vif(), 2)) << "no such queue";
  Backend other = vif();
  other.type = "vbd";
  EXPECT_FALSE(TxRing::of(other, 0)) << "a disk's ring is not read";
  other = vif();
  other.backend_domain = DomId{2};
  EXPECT_FALSE(TxRing::of(other, 0)) << "another domain serves it";
  other = vif();
  other.frontend_domain = kDom0;
  EXPECT_FALSE(TxRing::of(other, 0)) << "never a grant of dom0's own";
  other = vif();
  other.backend_state = 5;
  EXPECT_FALSE(TxRing::of(other, 0)) << "the ref may serve something else by now";
  other = vif();
  other.rings[0].ref = GrantRef{1};
  EXPECT_FALSE(TxRing::of(other, 0)) << "a reserved ref is no ring";
}

}  // namespace
}  // namespace xic
