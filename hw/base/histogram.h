// How often which value occurred, in buckets whose width grows with the value (log-linear, as HdrHistogram by G. Tene): 128
// buckets for each power of two. Values below 256 have a bucket each; any other bucket is less than 1/128 of its lowest value
// wide. So a quantile read here is never below the exact one, and above it by less than 1/128 (0.8 percent) of it; counts,
// minimum and maximum are exact. Histograms of several cores are merged without loss.
#pragma once

#include <cstdint>
#include <vector>

namespace splinter {

class Histogram {
  public:
    static constexpr unsigned kBucketBits = 7;
    static constexpr std::uint64_t kBucketsPerOctave = std::uint64_t{1} << kBucketBits;
    static constexpr double kRelativeError = 1.0 / kBucketsPerOctave;

    struct Bucket {
        std::uint64_t low;   // lowest value that it counts
        std::uint64_t high;  // highest
        std::uint64_t count;
        friend bool operator==(const Bucket&, const Bucket&) = default;
    };

    // The bucket that counts `value`, empty.
    [[nodiscard]] static Bucket bucket_of(std::uint64_t value);

    void add(std::uint64_t value) { add(value, value, 1); }
    void merge(const Histogram& other);
    // `count` values from `low` to `high`, both of which occurred and are of one bucket.
    void add(std::uint64_t low, std::uint64_t high, std::uint64_t count);

    [[nodiscard]] std::uint64_t count() const { return count_; }
    // REQUIRES: not empty.
    [[nodiscard]] std::uint64_t min() const { return min_; }
    [[nodiscard]] std::uint64_t max() const { return max_; }
    // The highest value of the bucket of the smallest value that at least `share` of all do not exceed (nearest rank), at most
    // max(). REQUIRES: not empty, 0 <= share <= 1.
    [[nodiscard]] std::uint64_t quantile(double share) const;
    // Those that are not empty, in increasing order.
    [[nodiscard]] std::vector<Bucket> buckets() const;
    friend bool operator==(const Histogram&, const Histogram&) = default;

  private:
    std::vector<std::uint64_t> counts_;  // by bucket index; the last one is not empty
    std::uint64_t count_ = 0;
    std::uint64_t min_ = ~std::uint64_t{0};
    std::uint64_t max_ = 0;
};

}  // namespace splinter
