using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Orleans.Runtime;
using OrleansLM.Contracts.Messages;
using OrleansLM.Gateway.Routing;

namespace OrleansLM.Gateway.Tests.Routing;

/// <summary>A reader that hears nothing learns that nobody has its stream.</summary>
public sealed class StreamWatchTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(120);

    [Fact]
    public async Task A_stream_that_nobody_has_is_lost()
    {
        await using var watch = new StreamWatch(_ => Task.FromResult(false), TimeProvider.System);
        watch.Came();
        watch.Waits();
        await LostAsync(watch);
    }

    [Fact]
    public async Task One_denial_is_not_enough_before_anything_came()
    {
        var questions = new Questions(_ => Task.FromResult(true), _ => Task.FromResult(false));
        await using var watch = new StreamWatch(questions.AskAsync, TimeProvider.System);
        watch.Waits();
        await questions.AskedAsync(3);
        Assert.False(watch.Lost.IsCancellationRequested);
    }

    [Fact]
    public async Task A_question_that_nobody_answers_says_nothing()
    {
        var questions = new Questions(
            _ => Task.FromResult(false),
            _ => Task.FromException<bool>(new SiloUnavailableException("gone")),
            _ => Task.FromException<bool>(new TimeoutException()),
            async token =>
            {
                await Task.Delay(Timeout.Infinite, token);
                return false;
            });
        await using var watch = new StreamWatch(questions.AskAsync, TimeProvider.System);
        watch.Came();
        watch.Waits();
        await LostAsync(watch);
        await questions.AskedAsync(4);
    }

    [Fact]
    public async Task The_end_of_the_watch_ends_its_question()
    {
        var questions = new Questions(async token =>
        {
            await Task.Delay(Timeout.Infinite, token);
            return true;
        });
        var watch = new StreamWatch(questions.AskAsync, TimeProvider.System);
        watch.Waits();
        await questions.AskedAsync(1);
        await watch.DisposeAsync();
    }

    [Fact]
    public async Task A_reader_of_a_lost_stream_stops_waiting()
    {
        await using var watch = new StreamWatch(_ => Task.FromResult(false), TimeProvider.System);
        await using var reader = new LossyReader(OneAndNoMoreAsync(), watch, CancellationToken.None);
        Assert.True(await reader.MoveNextAsync());
        Assert.False(await reader.MoveNextAsync().AsTask().WaitAsync(s_patience));
        Assert.IsType<SiloUnavailableException>(reader.Loss);
    }

    [Fact]
    public async Task A_reader_whose_caller_goes_away_has_lost_nothing()
    {
        using var leaving = new CancellationTokenSource();
        await using var watch = new StreamWatch(_ => Task.FromResult(true), TimeProvider.System);
        await using var reader = new LossyReader(OneAndNoMoreAsync(), watch, leaving.Token);
        Assert.True(await reader.MoveNextAsync());
        var next = reader.MoveNextAsync().AsTask();
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => next.WaitAsync(s_patience));
        Assert.Null(reader.Loss);
    }

    private static async Task LostAsync(StreamWatch watch)
    {
        var lost = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var _ = watch.Lost.Register(lost.SetResult);
        await lost.Task.WaitAsync(s_patience);
    }

    private static async IAsyncEnumerable<TurnEvent> OneAndNoMoreAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        yield return new TurnEvent { Kind = TurnEventKind.Started, TurnId = "t", Offset = 0 };
        await Task.Delay(Timeout.Infinite, cancellationToken);
    }

    /// <summary>Gives the answers of <paramref name="before"/>, one after the other, then always the same.</summary>
    private sealed class Questions(Func<CancellationToken, Task<bool>> always, params Func<CancellationToken, Task<bool>>[] before)
    {
        private readonly Queue<Func<CancellationToken, Task<bool>>> _before = new(before);
        private readonly Channel<int> _asked = Channel.CreateUnbounded<int>();

        public Task<bool> AskAsync(CancellationToken token)
        {
            _asked.Writer.TryWrite(1);
            return (_before.TryDequeue(out var answer) ? answer : always)(token);
        }

        public async Task AskedAsync(int times)
        {
            for (var i = 0; i < times; i++)
            {
                await _asked.Reader.ReadAsync().AsTask().WaitAsync(s_patience);
            }
        }
    }
}
