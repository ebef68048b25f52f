using System.Diagnostics;

namespace OrleansLM.Cluster.Tests.Clusters;

/// <summary>What becomes true by itself, and is waited for however busy the machine is.</summary>
internal static class Eventually
{
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(100);

    public static async Task HoldsAsync(Func<Task<bool>> condition, Func<string> otherwise)
    {
        var began = Stopwatch.GetTimestamp();
        while (!await condition())
        {
            Assert.True(Stopwatch.GetElapsedTime(began) < s_limit, otherwise());
            await Task.Delay(s_pause);
        }
    }
}
