#include "hw/base/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "hw/base/check.h"

namespace splinter {

namespace {

// The first two octaves' worth of buckets hold one value each; from there on each octave has as many as the one before, twice
// as wide.
std::size_t index_of(std::uint64_t value) {
    const unsigned magnitude = static_cast<unsigned>(std::bit_width(value | 1)) - 1;
    const unsigned shift = magnitude > Histogram::kBucketBits ? magnitude - Histogram::kBucketBits : 0;
    return (static_cast<std::size_t>(shift) << Histogram::kBucketBits) + static_cast<std::size_t>(value >> shift);
}

Histogram::Bucket bucket_at(std::size_t index, std::uint64_t count) {
    if (index < 2 * Histogram::kBucketsPerOctave) return {index, index, count};
    const std::size_t shift = (index >> Histogram::kBucketBits) - 1;
    const std::uint64_t low = (index % Histogram::kBucketsPerOctave + Histogram::kBucketsPerOctave) << shift;
    return {low, low + ((std::uint64_t{1} << shift) - 1), count};
}

}  // namespace

Histogram::Bucket Histogram::bucket_of(std::uint64_t value) { return bucket_at(index_of(value), 0); }

void Histogram::add(std::uint64_t low, std::uint64_t high, std::uint64_t count) {
    if (count == 0) return;
    const std::size_t index = index_of(low);
    SPLINTER_CHECK(low <= high && index == index_of(high), "values of one bucket");
    if (index >= counts_.size()) counts_.resize(index + 1);
    counts_[index] += count;
    count_ += count;
    min_ = std::min(min_, low);
    max_ = std::max(max_, high);
}

void Histogram::merge(const Histogram& other) {
    if (other.count_ == 0) return;
    if (other.counts_.size() > counts_.size()) counts_.resize(other.counts_.size());
    for (std::size_t i = 0; i < other.counts_.size(); ++i) counts_[i] += other.counts_[i];
    count_ += other.count_;
    min_ = std::min(min_, other.min_);
    max_ = std::max(max_, other.max_);
}

std::uint64_t Histogram::quantile(double share) const {
    SPLINTER_CHECK(count_ > 0, "an empty histogram has no quantile");
    SPLINTER_CHECK(share >= 0 && share <= 1, "a share is from 0 to 1");
    const auto rank = static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(count_)));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
        seen += counts_[i];
        if (seen >= std::max<std::uint64_t>(rank, 1)) return std::min(bucket_at(i, 0).high, max_);
    }
    return max_;
}

std::vector<Histogram::Bucket> Histogram::buckets() const {
    std::vector<Bucket> out;
    for (std::size_t i = 0; i < counts_.size(); ++i)
        if (counts_[i] > 0) out.push_back(bucket_at(i, counts_[i]));
    return out;
}

}  // namespace splinter
