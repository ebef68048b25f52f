namespace OrleansLM.Polyfills.Tests.Orleans.Processes;

/// <summary>Waits for what must come, however long that takes on a slow machine.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    /// <summary>The result of the first call that succeeds; calls that fail because a silo is lost are made again.</summary>
    public static async Task<T> SucceedsAsync<T>(Func<Task<T>> call)
    {
        long start = TimeProvider.System.GetTimestamp();
        while (true)
        {
            try
            {
                return await call();
            }
            catch (Exception e) when (e is OrleansException or TimeoutException && TimeProvider.System.GetElapsedTime(start) < Patience)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(50));
            }
        }
    }

    public static async Task HoldsAsync(Func<Task<bool>> condition, Func<string> otherwise)
    {
        long start = TimeProvider.System.GetTimestamp();
        while (!await condition())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(start) < Patience, otherwise());
            await Task.Delay(TimeSpan.FromMilliseconds(50));
        }
    }
}
