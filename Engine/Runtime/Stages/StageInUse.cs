namespace OrleansLM.Engine.Runtime.Stages;

/// <summary>A stage that is loaded in this process.</summary>
/// <param name="Stage">What it consists of.</param>
/// <param name="Epoch">Of its last connection; 0 before the first.</param>
/// <param name="IsConnected">An engine uses it now.</param>
/// <param name="Steps">Steps it has run.</param>
/// <param name="Busy">Time it has computed.</param>
/// <param name="Bytes">State and workspace; weights are mapped.</param>
/// <param name="BytesSent">Over its links, all connections together, headers included.</param>
/// <param name="BytesReceived">Likewise.</param>
public sealed record StageInUse(StageAssignment Stage, long Epoch, bool IsConnected, long Steps, TimeSpan Busy, long Bytes, long BytesSent, long BytesReceived);
