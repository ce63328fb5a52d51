using Microsoft.Extensions.Time.Testing;
using SplitInfer.Client;
using SplitInfer.Policies;
using SplitInfer.Policies.Experience;
using SplitInfer.Tensors;
using SplitInfer.Testing;

namespace SplitInfer.IntegrationTests.EndToEnd;

/// <summary>A client that chooses variants by what its user rates. It runs everything itself, and its clock stands still unless a test moves it.</summary>
public sealed class ExperienceTests : IDisposable
{
    private readonly TestFamily _family = new([0.9, 0.7]);
    private readonly FakeTimeProvider _time = new();
    private readonly TensorValue _input = Input(seed: 1);

    [Theory]
    [InlineData("variant0")]
    [InlineData("variant1")]
    public async Task What_the_user_likes_is_chosen(string liked)
    {
        await using var client = await ConnectAsync();
        var chosen = new List<string>();
        for (var session = 0; session < 40; session++)
        {
            using var result = await client.InferAsync(_input);
            chosen.Add(result.Variant!);
            Assert.True(result.Rate(result.Variant == liked ? 1 : 0));
        }

        Assert.All(chosen[^10..], variant => Assert.Equal(liked, variant));
        Assert.Equal(40, client.Experience!.Model.Ratings);
    }

    [Fact]
    public async Task A_variant_stays_for_the_session()
    {
        await using var client = await ConnectAsync();
        using var first = await client.InferAsync(_input);
        for (var request = 0; request < 5; request++)
        {
            _time.Advance(TimeSpan.FromMinutes(9));
            using var result = await client.InferAsync(_input);
            Assert.Equal(first.Variant, result.Variant);
        }

        Assert.True(client.Experience!.Rate(0.5));
        Assert.False(client.Experience.Rate(0.5));
        Assert.False(first.Rate(0.5));
    }

    [Fact]
    public async Task A_session_is_over_when_it_is_ended_or_nothing_has_come_for_long()
    {
        await using var client = await ConnectAsync();
        using (await client.InferAsync(_input)) client.Experience!.EndSession();
        Assert.False(client.Experience!.Rate(1));
        using var before = await client.InferAsync(_input);
        _time.Advance(TimeSpan.FromMinutes(11));
        using var after = await client.InferAsync(_input);
        Assert.False(before.Rate(1));
        Assert.True(after.Rate(1));
    }

    [Fact]
    public async Task The_user_is_asked_once_a_session_at_most()
    {
        await using var client = await ConnectAsync();
        Assert.False(client.Experience!.IsWorthAsking);
        using var result = await client.InferAsync(_input);
        Assert.True(client.Experience.IsWorthAsking);
        client.Experience.Ask();
        Assert.False(client.Experience.IsWorthAsking);
        Assert.Equal(1, client.Experience.Model.Questions);
    }

    /// <summary>A session that shows a signal leaves other sums than one that shows none.</summary>
    [Theory]
    [InlineData(1, true, true)]
    [InlineData(5, true, false)]
    [InlineData(1, false, false)]
    public async Task The_same_request_within_3_seconds_is_a_signal(int seconds, bool isSame, bool isSignal)
    {
        using var other = Input(seed: 2);
        await using var client = await ConnectAsync();
        await using var quiet = await ConnectAsync();
        (await client.InferAsync(_input)).Dispose();
        (await quiet.InferAsync(_input)).Dispose();
        _time.Advance(TimeSpan.FromSeconds(seconds));
        (await client.InferAsync(isSame ? _input : other)).Dispose();
        Assert.True(client.Experience!.Rate(0.2));
        Assert.True(quiet.Experience!.Rate(0.2));
        Assert.Equal(isSignal, !Numbers(client).SequenceEqual(Numbers(quiet)));
    }

    [Fact]
    public async Task A_camera_that_stands_still_repeats_nothing_where_the_options_say_so()
    {
        await using var client = await ConnectAsync(static options => options.Experience = new() { IgnoredSignals = new HashSet<ImplicitSignal> { ImplicitSignal.Repeated } });
        await using var quiet = await ConnectAsync();
        (await client.InferAsync(_input)).Dispose();
        (await quiet.InferAsync(_input)).Dispose();
        (await client.InferAsync(_input)).Dispose();
        client.Experience!.EndSession();
        quiet.Experience!.EndSession();
        Assert.Equal(Numbers(quiet), Numbers(client));
    }

    [Fact]
    public async Task What_was_learned_is_kept_from_one_run_to_the_next()
    {
        using var folder = new TestFolder();
        // What is learned is of features, so that it holds for variants that were made later.
        using var later = new TestFamily([0.95, 0.8, 0.6]);
        for (var run = 0; run < 3; run++)
        {
            await using var client = await ConnectAsync(options => (options.StateDirectory, options.Family) = (folder.Path, run < 2 ? _family.Path : later.Path));
            Assert.Empty(client.Warnings);
            Assert.Equal(run, client.Experience!.Model.Ratings);
            using var result = await client.InferAsync(_input);
            Assert.True(result.Rate(1));
        }
    }

    /// <summary>An application that is killed is not disposed.</summary>
    [Fact]
    public async Task What_was_rated_is_saved_soon_without_a_disposal()
    {
        using var folder = new TestFolder();
        await using var first = await ConnectAsync(options => options.StateDirectory = folder.Path);
        for (var rating = 0; rating < 3; rating++)
        {
            using var result = await first.InferAsync(_input);
            Assert.True(result.Rate(1));
        }

        _time.Advance(TimeSpan.FromSeconds(10));
        await using var second = await ConnectAsync(options => options.StateDirectory = folder.Path);
        Assert.Equal(3, second.Experience!.Model.Ratings);
    }

    [Fact]
    public async Task A_share_is_saved_as_taken_before_it_can_be_sent_and_is_not_taken_where_that_fails()
    {
        using var folder = new TestFolder();
        var state = folder["state"];
        await using var first = await ConnectAsync(options => options.StateDirectory = state);
        for (var rating = 0; rating < 10; rating++)
        {
            using var result = await first.InferAsync(_input);
            Assert.True(result.Rate(rating % 2));
        }

        Directory.Delete(state, recursive: true);
        File.WriteAllText(state, "in the way");
        Assert.Null(first.Experience!.TakeShare());
        Assert.Single(first.Warnings);
        Assert.Null(first.Experience.TakeShare());
        Assert.Single(first.Warnings);

        File.Delete(state);
        Assert.NotNull(first.Experience.TakeShare());
        await using var second = await ConnectAsync(options => options.StateDirectory = state);
        Assert.Equal(10, second.Experience!.Model.Ratings);
        _time.Advance(TimeSpan.FromDays(2));
        Assert.Null(second.Experience.TakeShare());
    }

    [Fact]
    public async Task No_variant_answers_that_is_less_accurate_than_the_request_asks_for()
    {
        await using var client = await ConnectAsync();
        // The user likes the fast one, and a session has begun with it.
        for (var session = 0; session < 20; session++)
        {
            using var result = await client.InferAsync(_input);
            Assert.True(result.Rate(result.Variant == "variant1" ? 1 : 0));
        }

        foreach (var (minAccuracy, variant) in ((double, string)[])[(0, "variant1"), (0.8, "variant0"), (0.99, "variant0"), (0.7, "variant1")])
        {
            using var result = await client.InferAsync(_input, new() { MinAccuracy = minAccuracy });
            Assert.Equal(variant, result.Variant);
        }

        // One that begins with such a request is chosen for it.
        client.Experience!.EndSession();
        foreach (var minAccuracy in (double[])[0.8, 0])
        {
            using var result = await client.InferAsync(_input, new() { MinAccuracy = minAccuracy });
            Assert.Equal("variant0", result.Variant);
        }
    }

    [Fact]
    public async Task Under_other_objectives_nobody_rates()
    {
        await using var client = await ConnectAsync(static options => options.Objective = null);
        using var result = await client.InferAsync(_input);
        Assert.Null(client.Experience);
        Assert.False(result.Rate(1));
        var error = await Assert.ThrowsAsync<ArgumentException>(async () => await SplitInferenceClient.CreateAsync(new() { ModelPath = _family.FileOf(0), Objective = Objective.Experience }));
        Assert.Contains("without a Family", error.Message, StringComparison.Ordinal);
    }

    public void Dispose()
    {
        _input.Dispose();
        _family.Dispose();
    }

    private static TensorValue Input(int seed) => RandomTensor.Normal(new Random(seed), ElementType.Float32, [1, 3, 16, 16]);

    private static double[] Numbers(SplitInferenceClient client)
    {
        var writer = new PolicyStateWriter();
        client.Experience!.Model.State.Save(writer);
        return [.. writer.Numbers];
    }

    private ValueTask<SplitInferenceClient> ConnectAsync(Action<SplitInferenceOptions>? configure = null)
    {
        var options = new SplitInferenceOptions { Family = _family.Path, Policy = PolicyNames.MuLinUcb, Objective = Objective.Experience, TimeProvider = _time, Execution = { IntraOpThreads = 1 } };
        configure?.Invoke(options);
        return SplitInferenceClient.CreateAsync(options);
    }
}
