using Microsoft.Extensions.Time.Testing;
using SplitInfer.Server.Quality;

namespace SplitInfer.Server.Tests.Quality;

/// <summary>When a route that could not be loaded is tried again, and who waits for that.</summary>
public class RouteLoadingTests
{
    private static readonly ExitRoute Made = new();

    private readonly FakeTimeProvider _time = new();
    private int _tries;

    [Fact]
    public async Task A_route_that_failed_is_tried_again_after_pauses_that_double_up_to_an_hour()
    {
        var loading = Loading(() => (null, false));
        Assert.Null(await loading.GetAsync());
        var pause = TimeSpan.FromSeconds(10);
        for (var tries = 1; tries < 14; tries++)
        {
            _time.Advance(pause - TimeSpan.FromSeconds(1));
            Assert.Null(await loading.GetAsync());
            Assert.Equal(tries, _tries);
            _time.Advance(TimeSpan.FromSeconds(1));
            Assert.Null(await loading.GetAsync());
            await loading.EndAsync();
            Assert.Equal(tries + 1, _tries);
            pause = 2 * pause < TimeSpan.FromHours(1) ? 2 * pause : TimeSpan.FromHours(1);
        }
    }

    [Fact]
    public async Task Requests_wait_for_the_first_try_alone_and_have_the_route_once_a_later_one_has_it()
    {
        var gate = new TaskCompletionSource<(ExitRoute?, bool)>();
        var loading = new RouteLoading(() => _tries++ == 0 ? Task.FromResult(((ExitRoute?)null, false)) : gate.Task, _time);
        Assert.Null(await loading.GetAsync());
        _time.Advance(TimeSpan.FromSeconds(10));
        for (var request = 0; request < 3; request++) Assert.True(loading.GetAsync() is { IsCompletedSuccessfully: true, Result: null });
        gate.SetResult((Made, true));
        Assert.Same(Made, await loading.EndAsync());
        Assert.Same(Made, await loading.GetAsync());
        Assert.Same(Made, loading.Route);
        Assert.Equal(2, _tries);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_is_there_or_can_never_be_is_not_tried_again(bool isMade)
    {
        var loading = Loading(() => (isMade ? Made : null, true));
        await loading.GetAsync();
        for (var day = 0; day < 3; day++)
        {
            _time.Advance(TimeSpan.FromDays(1));
            Assert.Equal(isMade ? Made : null, await loading.GetAsync());
        }

        Assert.Equal(1, _tries);
    }

    private RouteLoading Loading(Func<(ExitRoute?, bool)> made) => new(() =>
    {
        Interlocked.Increment(ref _tries);
        return Task.FromResult(made());
    }, _time);
}
