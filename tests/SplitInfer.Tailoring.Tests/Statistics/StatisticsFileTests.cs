using System.Buffers.Binary;
using SplitInfer.Partitioning;
using SplitInfer.Protocol;
using SplitInfer.Tailoring.Calibration;
using SplitInfer.Tailoring.Families;
using SplitInfer.Tailoring.Statistics;
using SplitInfer.Tailoring.Tests.Calibration;
using SplitInfer.Tailoring.Tests.Families;
using SplitInfer.Tensors;
using SplitInfer.Testing;

namespace SplitInfer.Tailoring.Tests.Statistics;

public sealed class StatisticsFileTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Files_of_parts_add_up_to_the_whole_in_any_order() => Sampled.Check(seed: 3, 100, random =>
    {
        var parts = Enumerable.Range(0, 1 + random.Next(5)).Select(_ => Draw(random)).ToArray();
        var whole = new SampleStatistics(default);
        foreach (var part in parts) whole.Add(part);
        var order = Enumerable.Range(0, parts.Length).ToArray();
        random.Shuffle(order);
        for (var i = 0; i < parts.Length; i++) StatisticsFile.Save(_folder[$"{i}.bin"], Bound(parts[i]));
        var sum = StatisticsFile.LoadSum([.. order.Select(i => _folder[$"{i}.bin"])]);
        Assert.Equal(whole.Samples, sum.Samples);
        Assert.Equal(whole.Values.Keys.Order(), sum.Values.Keys.Order());
        Assert.Equal(whole.WithoutRange.Order(), sum.WithoutRange.Order());
        foreach (var (name, expected) in whole.Values)
        {
            var actual = sum.Find(name)!;
            Assert.Equal((expected.Count, expected.Zeros, expected.Minimum, expected.Maximum, expected.Exponent, expected.ChannelElements), (actual.Count, actual.Zeros, actual.Minimum, actual.Maximum, actual.Exponent, actual.ChannelElements));
            Assert.Equal(expected.Counts.ToArray(), actual.Counts.ToArray());
            Assert.Equal(expected.ChannelSums.Length, actual.ChannelSums.Length);
            foreach (var (left, right) in expected.ChannelSums.ToArray().Zip(actual.ChannelSums.ToArray())) Assert.Equal(left, right, (Math.Abs(left) * 1e-9) + 1e-9);
        }
    });

    [Fact]
    public void Variants_made_of_the_sum_are_those_of_one_pass_over_all_samples()
    {
        var model = SmallNet.Build();
        var inputs = PartitionedModel.From(model).Plan.Inputs;
        var samples = new MemorySamples(12);
        for (var device = 0; device < 3; device++) StatisticsFile.Save(_folder[$"{device}.bin"], ModelTailor.Collect(model, inputs, new Part(samples, device, 3)));
        var sum = Make(StatisticsFile.LoadSum(_folder["2.bin"], _folder["0.bin"], _folder["1.bin"]), "sum");
        var whole = Make(ModelTailor.Collect(model, inputs, samples), "whole");
        Assert.Contains("int8", sum.Keys);
        Assert.Equal(whole, sum);

        Dictionary<string, Fingerprint> Make(SampleStatistics statistics, string folder) =>
            ModelTailor.CreateSuite(model, inputs, [new() { Name = "small", MaxBytes = 60_000 }], new MemorySamples(4), _folder[folder], new() { Statistics = statistics, Timing = new() { TimingRounds = 3, TimingBudget = default } })
                .Variants.ToDictionary(static v => v.Name, static v => v.Fingerprint);
    }

    [Fact]
    public void What_needs_samples_is_not_made_of_statistics_and_judging_takes_all_others()
    {
        var model = SmallNet.Build();
        var inputs = PartitionedModel.From(model).Plan.Inputs;
        var options = new TailoringOptions { Statistics = ModelTailor.Collect(model, inputs, new MemorySamples(4)), SensitivitySamples = 2, Timing = new() { TimingRounds = 3, TimingBudget = default } };
        var family = ModelTailor.CreateSuite(model, inputs, [new() { Name = "tiny", MaxBytes = 100, MinAgreement = 0 }], new MemorySamples(10), _folder["family"], options);
        Assert.Equal((8, false), (family.Samples, family.SharesSamples));
        Assert.Contains(family.NotMade, static reason => reason.Contains("repairs layers on samples", StringComparison.Ordinal));
        var error = Assert.Throws<ArgumentException>(() => ModelTailor.CreateSuite(SmallNet.Build(static (g, x) => g.Relu(x)), inputs, [], new MemorySamples(4), _folder["other"], options));
        Assert.Contains("Collect it again with this model", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_damaged_file_is_refused_in_words()
    {
        var bytes = StatisticsWriter.Write(Bound(Draw(new(1))), "damaged.bin");
        foreach (var length in (int[])[0, 3, 5, 20, bytes.Length - 1]) AssertRefused(bytes[..length], "");
        for (var place = 0; place < bytes.Length; place += 7)
        {
            var damaged = bytes.ToArray();
            damaged[place] ^= 0x10;
            AssertRefused(damaged, place < 4 ? "no file of statistics" : place < 6 ? "version" : "checksum");
        }

        Assert.Throws<FileNotFoundException>(() => StatisticsFile.Load(_folder["none.bin"]));
    }

    [Fact]
    public void What_could_not_have_been_collected_is_refused_and_takes_no_memory() => Sampled.Check(seed: 4, 400, random =>
    {
        var bytes = StatisticsWriter.Write(Bound(Draw(random)), "damaged.bin");
        for (var i = 1 + random.Next(3); i > 0; i--) bytes[random.Next(38, bytes.Length - 4)] = (byte)(random.Next(3) == 0 ? 0xFF : random.Next(256));
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(bytes.Length - 4), Crc32C.Append(0, bytes.AsSpan(0, bytes.Length - 4)));
        var before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            var read = StatisticsReader.Read(bytes, "damaged.bin");
            foreach (var value in read.Values.Values) Assert.Equal(value.Count, value.Counts.ToArray().Sum());
        }
        catch (InvalidStatisticsException error)
        {
            Assert.Contains("splitinfer tailor collect", error.Message, StringComparison.Ordinal);
        }

        // A handful of values, each with its histogram, which the check reads once more.
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 1 << 20);
    });

    [Fact]
    public void Memory_is_taken_by_the_size_of_files_however_many_values_and_names_they_have()
    {
        const int values = 16_384;
        var narrow = new ValueStatistics();
        narrow.Add(TensorValue.From<float>([-1e-30f, 2], 2));
        var size = 0L;
        foreach (var file in (string[])["a", "b", "c"])
        {
            var statistics = Bound(Draw(new(1)));
            for (var i = 0; i < values; i++) Assert.True(statistics.TryTake(file == "c" ? $"a{i}" : $"{file}{i}", narrow));
            StatisticsFile.Save(_folder[file], statistics);
            size += new FileInfo(_folder[file]).Length;
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        var sum = StatisticsFile.LoadSum(_folder["a"], _folder["b"], _folder["c"]);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 1, 40 * size);
        Assert.Equal(4, sum.Find("a7")!.Count);
        Assert.Equal((2, 2), (sum.Find("a7")!.Counts[ValueStatistics.BinsPerSign - 1], sum.Find("a7")!.Counts[^(ValueStatistics.BinsPerSign / 2)]));
    }

    [Fact]
    public void More_samples_than_can_be_counted_are_refused()
    {
        var statistics = Bound(Draw(new(1)));
        statistics.TakeSamples(int.MaxValue);
        foreach (var file in (string[])["a", "b"]) StatisticsFile.Save(_folder[file], statistics);
        Assert.Contains("samples", Assert.Throws<InvalidStatisticsException>(() => StatisticsFile.LoadSum(_folder["a"], _folder["b"])).Message, StringComparison.Ordinal);
        var elements = statistics.Find("x")!.Count;
        Assert.Throws<ArgumentException>(() => statistics.Add(Bound(Draw(new(2)))));
        Assert.Equal(elements, statistics.Find("x")!.Count);
    }

    [Theory]
    [InlineData(-1.9, -1.9, false)]
    [InlineData(1.5, 1.5, false)]
    [InlineData(1.5, -1, true)]
    public void Means_that_the_histogram_does_not_allow_are_refused(double first, double second, bool isAllowed)
    {
        // Two channels of −1, 0, ½ and 1: sums of any two of those, and ½ for both.
        var counts = new long[2 * ValueStatistics.BinsPerSign];
        foreach (var element in (float[])[-1, 0, 0.5f, 1]) counts[ValueStatistics.BinOf(element, 1)]++;
        var statistics = new SampleStatistics(new(new byte[Fingerprint.Size]));
        Assert.True(statistics.TryTake("x", new(SparseHistogram.Of(counts), 1, 4, 1, -1, 1, [first, second], 2)));
        statistics.TakeSamples(1);
        var bytes = StatisticsWriter.Write(statistics, "a.bin");
        if (isAllowed) Assert.NotEmpty(StatisticsReader.Read(bytes, "a.bin").Values);
        else Assert.Contains("do not fit its histogram", Assert.Throws<InvalidStatisticsException>(() => StatisticsReader.Read(bytes, "a.bin")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_would_leave_nothing_of_the_others_is_named()
    {
        foreach (var (file, largest) in ((string, float)[])[("a", 3), ("b", 4), ("far", 3e38f)]) Save(file, TensorValue.From<float>([-1, 2, largest], 3));
        Save("many", TensorValue.From<float>(new float[300], 300));
        Assert.NotEmpty(StatisticsFile.LoadSum(_folder["a"], _folder["b"]).Values);
        var far = Assert.Throws<InvalidStatisticsException>(() => StatisticsFile.LoadSum(_folder["a"], _folder["far"], _folder["b"]));
        Assert.Contains("far' holds no statistics that can be used: 'x' is up to 3E+38 in it, and 3 in the other files", far.Message, StringComparison.Ordinal);
        var many = Assert.Throws<InvalidStatisticsException>(() => StatisticsFile.LoadSum(_folder["a"], _folder["many"]));
        Assert.Contains("a sample has 300 elements of 'x', and in", many.Message, StringComparison.Ordinal);

        void Save(string file, TensorValue value)
        {
            var statistics = new SampleStatistics(new(new byte[Fingerprint.Size]));
            statistics.AddSample([("x", value)]);
            StatisticsFile.Save(_folder[file], statistics);
        }
    }

    [Fact]
    public void What_wrong_statistics_make_useless_is_left_out_and_named()
    {
        var model = SmallNet.Build();
        var inputs = PartitionedModel.From(model).Plan.Inputs;
        var statistics = ModelTailor.Collect(model, inputs, new MemorySamples(4));
        // As of a device that lies.
        statistics.AddSample([.. statistics.Values.Keys.ToArray().Select(static name => (name, TensorValue.From<float>([-3e38f, 3e38f], 2)))]);
        var family = ModelTailor.CreateSuite(model, inputs, [new() { Name = "small", MaxBytes = 60_000 }], new MemorySamples(12), _folder["family"], new() { Statistics = statistics, SensitivitySamples = 1, Timing = new() { TimingRounds = 3, TimingBudget = default } });
        Assert.DoesNotContain(family.Variants, static v => v.Name == "int8");
        Assert.Contains(family.NotMade, static reason => reason.StartsWith("int8: ", StringComparison.Ordinal) && reason.Contains("no use", StringComparison.Ordinal));
        Assert.NotEqual("int8", family.Targets[0].Variant);
    }

    [Fact]
    public void A_value_without_elements_on_any_sample_is_left_out()
    {
        var statistics = new SampleStatistics(new(new byte[Fingerprint.Size]));
        for (var sample = 0; sample < 2; sample++) statistics.AddSample([("x", TensorValue.From<float>([1, 2], 2)), ("boxes", TensorValue.From<float>([], 0, 4))]);
        StatisticsFile.Save(_folder["a.bin"], statistics);
        Assert.Equal(["x"], StatisticsFile.Load(_folder["a.bin"]).Values.Keys);
    }

    [Fact]
    public void A_large_value_that_is_the_same_everywhere_has_that_mean()
    {
        var elements = new float[540 * 960];
        elements.AsSpan().Fill(15 / 255f);
        var statistics = new SampleStatistics(new(new byte[Fingerprint.Size]));
        statistics.AddSample([("noise", TensorValue.From<float>(elements, 1, 1, 540, 960))]);
        StatisticsFile.Save(_folder["a.bin"], statistics);
        var noise = StatisticsFile.Load(_folder["a.bin"]).Find("noise")!;
        Assert.Equal(15 / 255f, noise.ChannelSums[0] / noise.ChannelElements, 1e-9);
    }

    [Fact]
    public void What_a_file_cannot_hold_is_told_when_it_is_written_and_leaves_an_earlier_one()
    {
        StatisticsFile.Save(_folder["a.bin"], Bound(Draw(new(1))));
        var statistics = new SampleStatistics(new(new byte[Fingerprint.Size]));
        for (var i = 0; i <= StatisticsForm.MostValues; i++) statistics.TryTakeWithoutRange(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{i}"));
        Assert.Contains("over the 1048576", Assert.Throws<InvalidStatisticsException>(() => StatisticsFile.Save(_folder["a.bin"], statistics)).Message, StringComparison.Ordinal);
        Assert.NotEmpty(StatisticsFile.Load(_folder["a.bin"]).Values);
    }

    [Fact]
    public void Statistics_of_another_model_are_not_added()
    {
        StatisticsFile.Save(_folder["a.bin"], Bound(Draw(new(1))));
        var other = new SampleStatistics(new(Enumerable.Repeat((byte)9, Fingerprint.Size).ToArray()));
        other.Add(Draw(new(2)).Of(other.Model));
        StatisticsFile.Save(_folder["b.bin"], other);
        Assert.Contains("are of the model 0909", Assert.Throws<InvalidStatisticsException>(() => StatisticsFile.LoadSum(_folder["a.bin"], _folder["b.bin"])).Message, StringComparison.Ordinal);
    }

    private void AssertRefused(byte[] bytes, string expected)
    {
        File.WriteAllBytes(_folder["damaged.bin"], bytes);
        var error = Assert.Throws<InvalidStatisticsException>(() => StatisticsFile.Load(_folder["damaged.bin"]));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    private static SampleStatistics Bound(SampleStatistics statistics) => statistics.Of(new(new byte[Fingerprint.Size]));

    private static SampleStatistics Draw(Random random)
    {
        var statistics = new SampleStatistics(default);
        for (var sample = random.Next(1, 4); sample > 0; sample--)
        {
            statistics.AddSample(((string[])["x", "conv/1", "größe"]).Select(name =>
            {
                var scale = Math.Pow(10, random.Next(-6, 4));
                var elements = new float[random.Next(1, 4) * 6];
                for (var i = 0; i < elements.Length; i++) elements[i] = random.Next(4) == 0 ? 0 : (float)((random.NextDouble() - 0.5) * scale);
                if (name == "conv/1" && random.Next(20) == 0) elements[0] = float.NegativeInfinity;
                return (name, name == "x" ? TensorValue.From<float>(elements, elements.Length) : TensorValue.From<float>(elements, elements.Length / 6, 3, 2));
            }));
        }

        return statistics;
    }

    /// <summary>Every third sample, or as the step says.</summary>
    private sealed class Part(ISampleSource source, int first, int step) : ISampleSource
    {
        public int Count => (source.Count - first + step - 1) / step;

        public TensorValue[] Read(int sample, IReadOnlyList<TensorSpec> inputs) => source.Read(first + (sample * step), inputs);
    }
}
