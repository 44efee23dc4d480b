// Files appear whole or not at all.
#include <sys/stat.h>
#include <cstdlib>
#include <filesystem>

#include <gtest/gtest.h>

#include "hw/base/user_error.h"
#include "platforms/report/atomic_file.h"

namespace splinter::platforms {

namespace fs = std::filesystem;

class AtomicFile : public ::testing::Test {
  protected:
    void SetUp() override {
        std::string name = (fs::temp_directory_path() / "splinter-test-XXXXXX").string();
        ASSERT_NE(::mkdtemp(name.data()), nullptr);
        directory_ = name;
    }
    void TearDown() override { fs::remove_all(directory_); }
    [[nodiscard]] std::string at(const std::string& name) const { return (directory_ / name).string(); }
    [[nodiscard]] std::size_t files() const {
        return static_cast<std::size_t>(std::distance(fs::directory_iterator{directory_}, fs::directory_iterator{}));
    }
    fs::path directory_;
};

TEST_F(AtomicFile, ReplacesAnExistingFileAndLeavesNoOther) {
    write_file_atomically(at("a"), "one");
    write_file_atomically(at("a"), std::string{"two\0three", 9});
    EXPECT_EQ(read_file(at("a")), (std::string{"two\0three", 9}));
    EXPECT_EQ(files(), 1U);
}

TEST_F(AtomicFile, IsReadableAsOtherFilesOfTheUser) {
    const mode_t before = ::umask(022);
    write_file_atomically(at("a"), "one");
    ::umask(before);
    EXPECT_EQ(fs::status(at("a")).permissions(), fs::perms{0644});
}

TEST_F(AtomicFile, FollowsASymbolicLink) {
    write_file_atomically(at("target"), "old");
    fs::create_symlink(at("target"), at("link"));
    write_file_atomically(at("link"), "new");
    EXPECT_TRUE(fs::is_symlink(at("link")));
    EXPECT_EQ(read_file(at("target")), "new");
}

TEST_F(AtomicFile, RefusesADirectoryOrDeviceAndLeavesNothing) {
    fs::create_directory(at("d"));
    EXPECT_THROW(write_file_atomically(at("d"), "x"), UserError);
    EXPECT_THROW(write_file_atomically("/dev/null", "x"), UserError);
    EXPECT_THROW(write_file_atomically(at("missing/a"), "x"), UserError);
    EXPECT_THROW(write_file_atomically("", "x"), UserError);
    EXPECT_TRUE(fs::is_character_file("/dev/null"));
    EXPECT_EQ(files(), 1U);
}

TEST_F(AtomicFile, CheckLeavesNothingBehindAndTouchesNothing) {
    check_writable(at("a"));
    EXPECT_EQ(files(), 0U);
    write_file_atomically(at("a"), "one");
    check_writable(at("a"));
    EXPECT_EQ(read_file(at("a")), "one");
    EXPECT_THROW(check_writable(at("missing/a")), UserError);
}

TEST_F(AtomicFile, ThatCannotBeReadIsAUserError) {
    EXPECT_THROW((void)read_file(at("missing")), UserError);
    EXPECT_THROW((void)read_file(directory_.string()), UserError);
}

}  // namespace splinter::platforms
