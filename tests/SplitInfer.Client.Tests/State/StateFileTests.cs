using System.Collections.Immutable;
using System.Security.Cryptography;
using FsCheck;
using FsCheck.Fluent;
using SplitInfer.Client.State;
using SplitInfer.Testing;

namespace SplitInfer.Client.Tests.State;

public class StateFileTests
{
    private static readonly Fingerprint Model = Digest(1), Device = Digest(2);

    [Fact]
    public void Sections_come_back_bit_for_bit()
    {
        var property = Prop.ForAll(Gen.Choose(0, int.MaxValue - 1).ToArbitrary(), static seed =>
        {
            var sections = Sections(new Random(seed));
            var read = StateFile.Decode(StateFile.Encode(Model, Device, sections), Model, Device);
            return read.Length == sections.Length && read.Zip(sections).All(static pair => (pair.First.Kind, pair.First.Version, pair.First.Key) == (pair.Second.Kind, pair.Second.Version, pair.Second.Key)
                && pair.First.Numbers.Select(BitConverter.DoubleToInt64Bits).SequenceEqual(pair.Second.Numbers.Select(BitConverter.DoubleToInt64Bits)));
        });
        Check.One(Config.QuickThrowOnFailure.WithReplay(3, 1).WithMaxTest(100), property);
    }

    [Fact]
    public void A_file_that_is_damaged_anywhere_or_cut_short_is_refused()
    {
        var bytes = StateFile.Encode(Model, Device, Sections(new Random(1)));
        for (var at = 0; at < bytes.Length; at++)
        {
            var damaged = (byte[])bytes.Clone();
            damaged[at] ^= 0x10;
            Assert.Throws<StateFileException>(() => StateFile.Decode(damaged, Model, Device));
            Assert.Throws<StateFileException>(() => StateFile.Decode(bytes.AsSpan(0, at), Model, Device));
        }
    }

    [Fact]
    public void A_length_that_is_a_lie_takes_no_memory()
    {
        var bytes = StateFile.Encode(Model, Device, [new(StateKind.Heads, 1, Digest(3), [1, 2, 3])]);
        BitConverter.TryWriteBytes(bytes.AsSpan(8 + (2 * Fingerprint.Size) + 4 + 8 + Fingerprint.Size), uint.MaxValue);
        BitConverter.TryWriteBytes(bytes.AsSpan(bytes.Length - 4), Protocol.Crc32C.Append(0, bytes.AsSpan(0, bytes.Length - 4)));
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<StateFileException>(() => StateFile.Decode(bytes, Model, Device));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }

    [Fact]
    public void What_a_killed_process_left_is_removed_and_what_another_is_writing_is_not()
    {
        using var folder = new TestFolder();
        var (path, old, recent) = (folder["a.state"], folder["a.state.x1.new"], folder["a.state.x2.new"]);
        File.WriteAllText(old, "half");
        File.WriteAllText(recent, "half");
        File.SetLastWriteTimeUtc(old, new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc));

        StateFile.Write(path, Model, Device, []);

        Assert.Equal((false, true, true), (File.Exists(old), File.Exists(recent), File.Exists(path)));
    }

    [Fact]
    public void State_of_another_model_or_device_is_refused_in_words()
    {
        var bytes = StateFile.Encode(Model, Device, []);
        foreach (var (model, device) in new[] { (Device, Device), (Model, Model) })
            Assert.Contains("another model or device", Assert.Throws<StateFileException>(() => StateFile.Decode(bytes, model, device)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Writing_replaces_what_has_the_same_key_and_keeps_the_rest_unknown_kinds_included()
    {
        using var folder = new TestFolder();
        StateSection unknown = new((StateKind)77, 5, Digest(4), [1]), other = new(StateKind.Policy, 1, Digest(5), [2]), old = new(StateKind.Policy, 1, Digest(6), [3]);
        StateFile.Write(folder["state"], Model, Device, [unknown, other, old]);
        StateFile.Write(folder["state"], Model, Device, [old with { Numbers = [4] }]);

        var read = StateFile.Read(folder["state"], Model, Device);
        Assert.Equal([(old.Key, 4.0), (unknown.Key, 1.0), (other.Key, 2.0)], read.Select(static s => (s.Key, s.Numbers[0])));
    }

    [Fact]
    public void A_damaged_file_is_replaced()
    {
        using var folder = new TestFolder();
        File.WriteAllText(folder["state"], "no state");
        Assert.Throws<StateFileException>(() => StateFile.Read(folder["state"], Model, Device));
        StateFile.Write(folder["state"], Model, Device, [new(StateKind.Heads, 1, Digest(3), [1])]);
        Assert.Single(StateFile.Read(folder["state"], Model, Device));
    }

    [Fact]
    public async Task Several_that_write_at_a_time_leave_a_whole_file()
    {
        using var folder = new TestFolder();
        await Task.WhenAll(Enumerable.Range(0, 4).Select(writer => Task.Run(() =>
        {
            for (var i = 0; i < 50; i++) StateFile.Write(folder["state"], Model, Device, [new(StateKind.Policy, 1, Digest(writer), [i])]);
        })));
        Assert.NotEmpty(StateFile.Read(folder["state"], Model, Device));
        Assert.Single(Directory.EnumerateFiles(Path.GetDirectoryName(folder["state"])!));
    }

    private static ImmutableArray<StateSection> Sections(Random random) =>
    [
        .. Enumerable.Range(0, random.Next(6)).Select(i => new StateSection((StateKind)random.Next(1, 5), (uint)random.Next(), Digest(i),
            [.. Enumerable.Range(0, random.Next(40)).Select(_ => BitConverter.Int64BitsToDouble(random.NextInt64()))])),
    ];

    private static Fingerprint Digest(int what) => new(SHA256.HashData(BitConverter.GetBytes(what)));
}
