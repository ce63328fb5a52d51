using Microsoft.Extensions.Time.Testing;
using SplitInfer.Policies.Experience;

namespace SplitInfer.Policies.Tests.Experience;

public class ExperienceModelTests
{
    private static readonly DeviceFeatures Device = new() { Cores = 8, Battery = 0.6 };
    private static readonly VariantFeatures[] Variants =
    [
        new() { Accuracy = 0.6, Seconds = 0.02 },
        new() { Accuracy = 0.8, Seconds = 0.2 },
        new() { Accuracy = 0.9, Seconds = 1.5 },
    ];

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void It_comes_to_the_variant_that_its_user_rates_best(int liked)
    {
        var model = new ExperienceModel();
        Teach(model, 0, 40, liked);
        Assert.Equal(liked, model.Choose(100, Device, Variants).Variant);
    }

    [Fact]
    public void The_order_of_the_variants_says_nothing()
    {
        for (var seed = 0; seed < 50; seed++)
        {
            var random = new Random(seed);
            var model = new ExperienceModel();
            model.Receive(RandomStatistics.Of(seed));
            var variants = Enumerable.Range(0, 6).Select(_ => RandomStatistics.Variant(random)).ToArray();
            var device = RandomStatistics.Device(random);
            var chosen = variants[model.Choose(1, device, variants).Variant];
            Array.Reverse(variants);
            Assert.Equal(chosen, variants[model.Choose(2, device, variants).Variant]);
        }
    }

    [Fact]
    public void A_session_keeps_its_variant_and_is_rated_once()
    {
        var model = new ExperienceModel();
        var first = model.Choose(7, Device, Variants);
        Teach(model, 100, 20, liked: 2 - first.Variant);
        Assert.Equal(first, model.Choose(7, Device, Variants));
        Assert.True(model.Rate(7, 0.5));
        Assert.False(model.Rate(7, 0.5));
        Assert.False(model.Rate(8, 0.5));
        Assert.Equal(21, model.Ratings);
    }

    [Fact]
    public void Only_the_last_sessions_can_be_rated()
    {
        var model = new ExperienceModel();
        for (var session = 0; session <= OpenSessions.Capacity; session++) model.Choose(session, Device, Variants);
        Assert.False(model.Rate(0, 1));
        Assert.True(model.Rate(1, 1));
    }

    [Fact]
    public void It_asks_at_most_once_a_session_and_within_its_budget()
    {
        var model = new ExperienceModel(new() { FirstQuestions = 3, QuestionShare = 0.1, MinQuestionDeviation = 0 });
        var asked = 0;
        for (var session = 0; session < 100; session++)
        {
            model.Choose(session, Device, Variants);
            Assert.False(model.IsWorthAsking(session + 1));
            if (!model.IsWorthAsking(session)) continue;
            asked++;
            model.Ask(session);
            Assert.False(model.IsWorthAsking(session));

            // No rating: it stays uncertain.
            model.End(session);
        }

        Assert.InRange(asked, 3, 10);
        Assert.Equal(asked, model.Questions);
    }

    [Fact]
    public void It_does_not_ask_where_one_variant_is_surely_the_best()
    {
        var model = new ExperienceModel(new() { QuestionShare = 1 });
        Assert.True(AsksFirst(model, 0));
        Teach(model, 1, 60, liked: 0);
        Assert.False(AsksFirst(model, 100));
        Assert.False(model.Choose(101, Device, Variants.AsSpan(0, 1)).IsWorthAsking);

        bool AsksFirst(ExperienceModel asked, long session)
        {
            asked.Choose(session, Device, Variants);
            return asked.IsWorthAsking(session);
        }
    }

    [Fact]
    public void Signals_turn_it_away_from_a_variant_whose_ratings_are_like_those_of_others()
    {
        var (signalled, quiet) = (new ExperienceModel(), new ExperienceModel());
        foreach (var model in (ExperienceModel[])[signalled, quiet]) Teach(model, 200, 12, liked: -1, level: 0.6);
        var first = signalled.Choose(0, Device, Variants).Variant;
        for (var session = 1; session < 60; session++)
        {
            quiet.Choose(session, Device, Variants);
            quiet.End(session);
            if (signalled.Choose(session, Device, Variants).Variant == first) signalled.Signal(session, ImplicitSignal.Abandoned);
            signalled.End(session);
        }

        Assert.Equal(first, quiet.Choose(100, Device, Variants).Variant);
        Assert.NotEqual(first, signalled.Choose(100, Device, Variants).Variant);
    }

    [Fact]
    public void What_a_fleet_rates_best_a_new_device_takes_at_once_and_other_levels_of_rating_do_not_change_that()
    {
        for (var liked = 0; liked < Variants.Length; liked++)
        {
            var fleet = ExperienceStatistics.Empty;
            for (var device = 0; device < 20; device++)
            {
                var teacher = new ExperienceModel();
                teacher.Receive(fleet);
                Teach(teacher, 0, 25, liked, level: device % 2 * 0.3);
                if (teacher.TakeShare() is { } share) fleet = fleet.Plus(share);
            }

            var model = new ExperienceModel();
            model.Receive(fleet);
            Assert.Equal(liked, model.Choose(0, Device, Variants).Variant);
        }
    }

    [Fact]
    public void What_came_back_from_the_fleet_counts_once()
    {
        var model = new ExperienceModel(new() { Memory = 1 });
        Teach(model, 0, 20, liked: 1);
        var before = model.Choose(100, Device, Variants);
        var share = model.TakeShare();
        Assert.NotNull(share);
        model.Receive(share);
        var after = model.Choose(101, Device, Variants);
        Assert.Equal(before.Variant, after.Variant);
        Assert.Equal(before.ExpectedRating, after.ExpectedRating, 4);
        Assert.Equal(before.Deviation, after.Deviation, 4);
    }

    [Theory]
    [InlineData(6)]
    [InlineData(20)]
    [InlineData(200)]
    public void A_share_that_did_not_come_back_takes_nothing_away(int ratings)
    {
        var model = new ExperienceModel();
        Teach(model, 0, ratings, liked: 1);
        var before = model.Choose(1000, Device, Variants);
        Assert.NotNull(model.TakeShare());
        var restored = new ExperienceModel();
        restored.State.Restore(new(Numbers(model)));
        AssertAlike(before, restored.Choose(1001, Device, Variants));

        // An older sum, one that was begun anew, one in which the share was lost.
        foreach (var device in (ExperienceModel[])[model, restored])
        {
            device.Receive(ExperienceStatistics.Empty.Plus(ExperienceStatistics.Empty));
            AssertAlike(before, device.Choose(1002, Device, Variants));
            device.Receive(RandomStatistics.Of(4));
        }

        var withoutShare = new ExperienceModel();
        Teach(withoutShare, 0, ratings, liked: 1);
        withoutShare.Receive(RandomStatistics.Of(4));
        var expected = withoutShare.Choose(1003, Device, Variants);
        AssertAlike(expected, model.Choose(1003, Device, Variants));
        AssertAlike(expected, restored.Choose(1003, Device, Variants));
    }

    [Fact]
    public void What_was_shared_before_a_restart_is_taken_off_what_is_received_after_it()
    {
        var others = RandomStatistics.Of(4);
        var model = new ExperienceModel();
        Teach(model, 0, 40, liked: 1);
        model.Receive(others);
        var before = model.Choose(1000, Device, Variants);
        var share = model.TakeShare();
        Assert.NotNull(share);
        var saved = Numbers(model);
        foreach (var isReceivedFirst in (bool[])[false, true])
        {
            var restored = new ExperienceModel();
            if (isReceivedFirst) restored.Receive(others.Plus(share));
            restored.State.Restore(new(saved));
            if (!isReceivedFirst) restored.Receive(others.Plus(share));
            AssertAlike(before, restored.Choose(1000, Device, Variants));
        }
    }

    [Fact]
    public void It_shares_what_adds_something_and_not_too_often()
    {
        var time = new FakeTimeProvider();
        var model = new ExperienceModel(time: time);
        Assert.Null(model.TakeShare());
        Teach(model, 0, 10, liked: 1);
        Assert.NotNull(model.TakeShare());
        Teach(model, 100, 10, liked: 1);
        Assert.Null(model.TakeShare());
        time.Advance(TimeSpan.FromDays(1));
        Assert.NotNull(model.TakeShare());

        // A fleet that knows all of it needs no more.
        var known = ExperienceStatistics.Empty;
        for (var i = 0; i < 4000; i++) known = known.Plus(RandomStatistics.Of(i % 40));
        var late = new ExperienceModel(time: time);
        late.Receive(known);
        Teach(late, 0, 2, liked: 1);
        Assert.Null(late.TakeShare());
    }

    [Fact]
    public void What_was_learned_comes_back_number_for_number_and_what_cannot_be_is_refused()
    {
        var model = new ExperienceModel();
        Teach(model, 0, 12, liked: 0);
        Assert.NotNull(model.TakeShare());
        Teach(model, 50, 12, liked: 0);
        var saved = Numbers(model);
        var restored = new ExperienceModel();
        restored.State.Restore(new(saved));
        Assert.Equal(saved, Numbers(restored));
        Assert.Equal(model.Choose(100, Device, Variants), restored.Choose(100, Device, Variants));

        var fresh = new ExperienceModel();
        var before = Numbers(fresh);
        for (var at = 0; at < saved.Length; at += 7)
        {
            var damaged = (double[])saved.Clone();
            damaged[at] = double.NaN;
            Assert.Throws<PolicyStateException>(() => fresh.State.Restore(new(damaged)));
            Assert.Throws<PolicyStateException>(() => fresh.State.Restore(new(saved.AsMemory(0, at))));
        }

        Assert.Throws<PolicyStateException>(() => fresh.State.Restore(new((double[])[.. saved, 0])));
        Assert.Equal(before, Numbers(fresh));
    }

    /// <summary>Such a model would never learn again: its precision matrix has no factor.</summary>
    [Fact]
    public void Saved_sums_that_no_ratings_give_are_refused()
    {
        var model = new ExperienceModel();
        Teach(model, 0, 12, liked: 0);
        var saved = Numbers(model);
        var restored = new ExperienceModel();
        restored.State.Restore(new(saved));
        var packed = ExperienceStatistics.Packed + FeatureMap.Dimension + 1;
        foreach (var sums in (int[])[0, packed])
        {
            // The weight is followed by A by rows, as far as the diagonal, and b: a product of two features, the square of one, and a pull at one that no rating shows.
            foreach (var (at, number) in ((int, double)[])[(2, -12), (2, 12), (10, 0), (packed - 1, 11)])
            {
                var damaged = (double[])saved.Clone();
                damaged[sums + at] = number;
                Assert.Throws<PolicyStateException>(() => restored.State.Restore(new(damaged)));
            }
        }

        Assert.Equal(saved, Numbers(restored));
    }

    [Theory]
    [InlineData(1e-6)]
    [InlineData(1.0)]
    [InlineData(1e6)]
    public void Deviations_that_are_taken_leave_a_model_that_chooses_and_learns(double rating)
    {
        double[] allowed = [1e-6, 1, 1e6];
        foreach (var level in allowed)
            foreach (var taste in allowed)
                foreach (var prior in allowed)
                {
                    var model = new ExperienceModel(new() { RatingDeviation = rating, LevelDeviation = level, TasteDeviation = taste, PriorDeviation = prior });
                    model.Receive(RandomStatistics.Of(3));
                    Teach(model, 0, 60, liked: 1);
                    var choice = model.Choose(100, Device, Variants);
                    Assert.True(double.IsFinite(choice.ExpectedRating) && double.IsFinite(choice.Deviation));
                    // Where ratings are exact and nothing was believed before, they are all that counts.
                    if (rating < 1 && prior >= 1) Assert.Equal(1, choice.Variant);
                    model.TakeShare();
                }
    }

    [Theory]
    [InlineData(1e200)]
    [InlineData(1e-200)]
    [InlineData(1.1e6)]
    [InlineData(0.9e-6)]
    public void Deviations_that_no_model_can_count_with_are_refused(double deviation)
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new ExperienceModel(new() { RatingDeviation = deviation }));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ExperienceModel(new() { LevelDeviation = deviation }));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ExperienceModel(new() { TasteDeviation = deviation }));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ExperienceModel(new() { PriorDeviation = deviation }));
    }

    [Fact]
    public void An_expected_rating_is_one_that_can_be_given()
    {
        var model = new ExperienceModel();
        for (var session = 0; session < 30; session++)
        {
            model.Choose(session, Device, [new() { Accuracy = session % 2, Seconds = session % 2 == 0 ? 10 : 0.01 }]);
            model.Rate(session, session % 2);
        }

        VariantFeatures beyond = new() { Accuracy = 1, Seconds = 0.01, Bytes = 1e9, Joules = 0.01, Lateness = 0 };
        for (var session = 100; session < 200; session++)
        {
            var random = new Random(session);
            Assert.InRange(model.Choose(session, RandomStatistics.Device(random), [session == 100 ? beyond : RandomStatistics.Variant(random)]).ExpectedRating, 0, 1);
        }
    }

    [Fact]
    public void Choosing_and_rating_allocate_nothing()
    {
        var model = new ExperienceModel();
        model.Receive(RandomStatistics.Of(3));
        // The runtime may allocate once where it compiles a method anew.
        Assert.Equal(0, Enumerable.Range(0, 5).Min(round =>
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            Use(1000 * round);
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }));

        void Use(long from)
        {
            for (var session = from; session < from + 100; session++)
            {
                model.Choose(session, Device, Variants);
                model.Signal(session, ImplicitSignal.Late);
                if (model.IsWorthAsking(session)) model.Ask(session);
                if (session % 2 == 0) model.Rate(session, 0.7, 0.1);
                else model.End(session);
            }
        }
    }

    [Fact]
    public void Ratings_of_many_threads_are_all_counted()
    {
        var model = new ExperienceModel();
        var rated = 0;
        Parallel.For(0, 400, session =>
        {
            // A thread that is held up finds its session long over.
            model.Choose(session, Device, Variants);
            if (model.Rate(session, 0.5)) Interlocked.Increment(ref rated);
            model.TakeShare();
            model.Receive(RandomStatistics.Of(session % 3));
        });
        Assert.Equal(rated, model.Ratings);
        Assert.InRange(rated, 1, 400);
    }

    [Theory]
    [InlineData(ImplicitSignal.Late)]
    [InlineData(ImplicitSignal.Repeated)]
    [InlineData(ImplicitSignal.Overridden)]
    [InlineData(ImplicitSignal.Abandoned)]
    [InlineData(ImplicitSignal.Dismissed)]
    public void A_signal_that_is_ignored_teaches_nothing(ImplicitSignal ignored)
    {
        var options = new ExperienceOptions { IgnoredSignals = new HashSet<ImplicitSignal> { ignored } };
        ExperienceModel told = new(options), quiet = new(options);
        for (var session = 0; session < 30; session++)
        {
            foreach (var model in (ExperienceModel[])[told, quiet]) model.Choose(session, Device, Variants);
            told.Signal(session, ignored);
            foreach (var model in (ExperienceModel[])[told, quiet])
            {
                if (session % 2 == 0) model.Rate(session, session % 4 == 0 ? 0.2 : 0.9);
                else model.End(session);
            }
        }

        Assert.Equal(Numbers(quiet), Numbers(told));
    }

    /// <summary>A question without an answer is then a session like any other, and one of which nothing was seen teaches nothing where that is ignored.</summary>
    [Fact]
    public void Silence_is_ignored_where_the_options_say_so()
    {
        var model = new ExperienceModel(new() { IgnoredSignals = new HashSet<ImplicitSignal> { ImplicitSignal.Quiet, ImplicitSignal.Dismissed } });
        Teach(model, 0, 20, liked: 1);
        model.Choose(100, Device, Variants);
        model.Ask(100);
        var before = Numbers(model);
        model.End(100);
        Assert.Equal(before, Numbers(model));
    }

    [Fact]
    public void Mistakes_are_told()
    {
        var model = new ExperienceModel();
        Assert.Throws<ArgumentException>(() => model.Choose(0, Device, []));
        Assert.Throws<ArgumentOutOfRangeException>(() => model.Rate(0, double.NaN));
        Assert.Throws<ArgumentOutOfRangeException>(() => model.Signal(0, (ImplicitSignal)99));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ExperienceModel(new() { Memory = 0 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ExperienceModel(new() { IgnoredSignals = new HashSet<ImplicitSignal> { (ImplicitSignal)99 } }));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ExperienceModel(new() { QuestionShare = 1.1 }));
    }

    [Fact]
    public void Features_that_are_no_numbers_are_unknown()
    {
        var model = new ExperienceModel();
        VariantFeatures odd = new() { Accuracy = double.NaN, Bytes = -1, Seconds = double.PositiveInfinity, Joules = 0, Lateness = double.NaN };
        var choice = model.Choose(0, new() { Cores = double.NaN, ClockGHz = -3, Battery = double.PositiveInfinity }, [odd, odd]);
        Assert.True(double.IsFinite(choice.ExpectedRating));
        Assert.True(model.Rate(0, 1));
        Assert.True(double.IsFinite(model.Choose(1, Device, Variants).ExpectedRating));
    }

    [Theory]
    [InlineData(null)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(-1.0)]
    public void What_is_unknown_of_a_variant_speaks_neither_for_it_nor_against_it(double? unknown)
    {
        VariantFeatures known = new() { Accuracy = 0.8, Bytes = 1e7, Seconds = 2, Joules = 0.5, Lateness = 0.2 };
        VariantFeatures[] odd =
        [
            known with { Bytes = unknown }, known with { Seconds = unknown }, known with { Joules = unknown }, known with { Lateness = unknown < 0 ? null : unknown },
            known with { Accuracy = unknown is null or < 0 ? double.NaN : unknown.Value },
        ];
        foreach (var variant in odd)
        {
            Assert.Equal(Rating([known, known], 0), Rating([variant, known], 0), 9);
            Assert.Equal(Rating([known, known], 0), Rating([known, variant], 1), 9);
        }

        // An unknown time is not the shortest.
        var model = new ExperienceModel();
        Assert.Equal(0, model.Choose(1, Device, [known with { Accuracy = 0.81 }, known with { Seconds = unknown }]).Variant);

        static double Rating(VariantFeatures[] variants, int place)
        {
            Span<double> phi = stackalloc double[FeatureMap.Dimension];
            FeatureMap.Write(Device, variants[place].AmongOthers(variants), phi);
            var model = new MixedModel(new());
            Assert.True(model.TryFit(RandomStatistics.Of(3), RandomStatistics.Sums(5)));
            return model.Mean(phi);
        }
    }

    [Fact]
    public void A_session_without_an_answer_took_the_longest_and_a_time_that_is_no_number_is_refused()
    {
        var (infinite, tenSeconds) = (new ExperienceModel(), new ExperienceModel());
        foreach (var (model, seconds) in ((ExperienceModel, double)[])[(infinite, double.PositiveInfinity), (tenSeconds, 10)])
        {
            model.Choose(1, Device, Variants);
            Assert.Throws<ArgumentOutOfRangeException>(() => model.Rate(1, 0.5, double.NaN));
            Assert.Throws<ArgumentOutOfRangeException>(() => model.End(1, -1));
            Assert.True(model.Rate(1, 0, seconds));
        }

        Assert.Equal(tenSeconds.Choose(2, Device, Variants), infinite.Choose(2, Device, Variants));
    }

    [Fact]
    public void A_restart_brings_no_further_share_nor_does_a_clock_that_is_set_back()
    {
        var time = new FakeTimeProvider();
        var model = new ExperienceModel(time: time);
        Teach(model, 0, 10, liked: 1);
        Assert.NotNull(model.TakeShare());
        Teach(model, 100, 10, liked: 1);
        var restarted = new ExperienceModel(time: time);
        restarted.State.Restore(new(Numbers(model)));
        time.Advance(TimeSpan.FromHours(23));
        Assert.Null(restarted.TakeShare());
        time.Advance(TimeSpan.FromHours(1));
        Assert.NotNull(restarted.TakeShare());

        Teach(restarted, 200, 10, liked: 1);
        var back = new FakeTimeProvider(time.GetUtcNow() - TimeSpan.FromDays(300));
        var again = new ExperienceModel(time: back);
        again.State.Restore(new(Numbers(restarted)));
        Assert.Null(again.TakeShare());
        back.Advance(TimeSpan.FromDays(1));
        Assert.NotNull(again.TakeShare());
    }

    // The user likes one variant; every variant is seen in turn.
    private static void Teach(ExperienceModel model, long from, int sessions, int liked, double level = 0)
    {
        for (var session = from; session < from + sessions; session++)
        {
            var shown = (int)(session % Variants.Length);
            model.Choose(session, Device, Variants.AsSpan(shown, 1));
            Assert.True(model.Rate(session, level + (shown == liked ? 0.7 : 0.2)));
        }
    }

    private static void AssertAlike(in ExperienceChoice expected, in ExperienceChoice actual)
    {
        Assert.Equal(expected.Variant, actual.Variant);
        Assert.Equal(expected.ExpectedRating, actual.ExpectedRating, 4);
        Assert.Equal(expected.Deviation, actual.Deviation, 4);
    }

    private static double[] Numbers(ExperienceModel model)
    {
        var writer = new PolicyStateWriter();
        model.State.Save(writer);
        return [.. writer.Numbers];
    }
}
