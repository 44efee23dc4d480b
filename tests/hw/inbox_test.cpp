#include <gtest/gtest.h>

#include "hw/core/message.h"

namespace splinter::hw {
namespace {

Message message(std::uint64_t arrival, std::uint32_t sender, std::uint64_t sequence = 0) {
    return {Cycles{arrival}, CpuId{sender}, 0, sequence, 0};
}

TEST(Inbox, NothingArrivesInAnEmptyOne) { EXPECT_EQ(Inbox{}.next_arrival(), kNever); }

TEST(Inbox, TheEarliestArrivalComesFirst) {
    Inbox inbox;
    for (std::uint64_t arrival : {30U, 10U, 20U}) inbox.push(message(arrival, 0));
    EXPECT_EQ(inbox.next_arrival(), Cycles{10});
    EXPECT_EQ(inbox.pop().arrival, Cycles{10});
    EXPECT_EQ(inbox.pop().arrival, Cycles{20});
    EXPECT_EQ(inbox.pop().arrival, Cycles{30});
    EXPECT_EQ(inbox.next_arrival(), kNever);
}

TEST(Inbox, EqualArrivalsComeBySender) {
    Inbox inbox;
    for (std::uint32_t sender : {2U, 0U, 1U}) inbox.push(message(10, sender));
    for (std::uint32_t sender : {0U, 1U, 2U}) EXPECT_EQ(inbox.pop().sender, CpuId{sender});
}

TEST(Inbox, EqualArrivalsOfOneSenderComeInItsSequence) {
    Inbox inbox;
    for (std::uint64_t sequence : {3U, 1U, 2U}) inbox.push(message(10, 5, sequence));
    for (std::uint64_t sequence : {1U, 2U, 3U}) EXPECT_EQ(inbox.pop().sequence, sequence);
}

}  // namespace
}  // namespace splinter::hw
