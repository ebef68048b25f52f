using OrleansLM.Engine.Runtime.Links;

namespace OrleansLM.Engine.Runtime.Stages;

/// <summary>A frame for a stage's thread.</summary>
internal readonly record struct StageWork(StageRun Run, FrameBuffer Frame);
