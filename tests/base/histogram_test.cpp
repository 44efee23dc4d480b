// Log-linear histograms: exact counts, the stated bound on quantiles, merging.
#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "hw/base/check.h"
#include "hw/base/histogram.h"
#include "hw/base/rng.h"

namespace splinter {
namespace {

constexpr std::uint64_t kMost = ~std::uint64_t{0};

// Of all magnitudes.
std::vector<std::uint64_t> samples(std::uint64_t seed, std::size_t count) {
    Rng rng{seed, "histogram_test"};
    std::vector<std::uint64_t> values;
    for (std::size_t i = 0; i < count; ++i) values.push_back(rng.next() >> rng.below(64));
    return values;
}

Histogram of(const std::vector<std::uint64_t>& values) {
    Histogram out;
    for (const std::uint64_t value : values) out.add(value);
    return out;
}

}  // namespace

TEST(Histogram, HasABucketForEachValueBelow256) {
    for (std::uint64_t value = 0; value < 256; ++value)
        EXPECT_EQ(Histogram::bucket_of(value), (Histogram::Bucket{value, value, 0}));
    EXPECT_EQ(Histogram::bucket_of(256), (Histogram::Bucket{256, 257, 0}));
    EXPECT_EQ(Histogram::bucket_of(511), (Histogram::Bucket{510, 511, 0}));
    EXPECT_EQ(Histogram::bucket_of(512), (Histogram::Bucket{512, 515, 0}));
}

TEST(Histogram, HasBucketsThatFollowEachOtherUpToTheLargestNumber) {
    std::uint64_t next = 0;
    for (std::size_t buckets = 0;; ++buckets) {
        const Histogram::Bucket bucket = Histogram::bucket_of(next);
        ASSERT_EQ(bucket.low, next);
        ASSERT_EQ(Histogram::bucket_of(bucket.high), bucket);
        // Width / low < 1/128, without overflow: the width is high - low + 1.
        if (next >= 256) {
            ASSERT_LT(bucket.high - bucket.low, bucket.low / Histogram::kBucketsPerOctave);
        }
        if (bucket.high == kMost) {
            EXPECT_EQ(buckets + 1, 256U + 56U * 128U);
            break;
        }
        next = bucket.high + 1;
    }
}

TEST(Histogram, CountsExactly) {
    const Histogram histogram = of({300, 301, 300, 7, kMost});
    EXPECT_EQ(histogram.count(), 5U);
    EXPECT_EQ(histogram.min(), 7U);
    EXPECT_EQ(histogram.max(), kMost);
    const std::vector<Histogram::Bucket> expected{{7, 7, 1}, {300, 301, 3}, {kMost - (std::uint64_t{1} << 56) + 1, kMost, 1}};
    EXPECT_EQ(histogram.buckets(), expected);
}

TEST(Histogram, HasQuantilesAboveTheExactOnesByLessThanTheBound) {
    std::vector<std::uint64_t> values = samples(1, 20'000);
    const Histogram histogram = of(values);
    std::sort(values.begin(), values.end());
    for (const double share : {0.0, 0.001, 0.5, 0.9, 0.99, 0.999, 1.0}) {
        const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(values.size())));
        const std::uint64_t exact = values[std::max<std::size_t>(rank, 1) - 1];
        const std::uint64_t found = histogram.quantile(share);
        EXPECT_GE(found, exact) << share;
        EXPECT_LE(static_cast<double>(found - exact), Histogram::kRelativeError * static_cast<double>(exact)) << share;
    }
    EXPECT_EQ(histogram.quantile(1), values.back());
}

TEST(Histogram, IsTheSameMergedAsAddedInOneGo) {
    const std::vector<std::uint64_t> first = samples(2, 500);
    const std::vector<std::uint64_t> second = samples(3, 700);
    std::vector<std::uint64_t> all = first;
    all.insert(all.end(), second.begin(), second.end());
    Histogram merged = of(first);
    merged.merge(of(second));
    merged.merge(Histogram{});
    EXPECT_EQ(merged, of(all));
    Histogram other_way = of(second);
    other_way.merge(of(first));
    EXPECT_EQ(other_way, merged);
    Histogram from_nothing;
    from_nothing.merge(merged);
    EXPECT_EQ(from_nothing, merged);
}

TEST(Histogram, RefusesWhatItCannotAnswer) {
    EXPECT_THROW((void)Histogram{}.quantile(0.5), InternalError);
    Histogram histogram;
    EXPECT_THROW(histogram.add(256, 258, 2), InternalError);
}

}  // namespace splinter
