using SplitInfer.Policies.Experience;
using static SplitInfer.Policies.Tests.Experience.RatedVariants;

namespace SplitInfer.Policies.Tests.Experience;

/// <summary>One model and its users.</summary>
public class ExperienceModelTests
{
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
        Assert.Equal(0, Enumerable.Range(0, 20).Min(round =>
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
}
