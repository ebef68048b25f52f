using OrleansLM.Engine.Runtime.Links;

namespace OrleansLM.Engine.Runtime.Stages;

/// <summary>From the frames that come to a stage elsewhere to those that go on, in the same order. <see cref="Run"/> is called by the stage's thread alone.</summary>
internal interface IStageStepper : IDisposable
{
    /// <summary>Ticks of <see cref="System.Diagnostics.Stopwatch"/> that the stage has worked. Any thread.</summary>
    long BusyTicks { get; }

    /// <summary>Computes and sends, or sees to it that both are done; the frame is not needed any more afterwards.</summary>
    void Run(StageRun run, FrameBuffer frame);
}
