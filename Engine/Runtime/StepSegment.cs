namespace OrleansLM.Engine.Runtime;

/// <summary>The rows of one sequence in a step: a prefill chunk, or one decode row.</summary>
/// <param name="FirstRow">First row of the step that belongs to the sequence.</param>
/// <param name="RowCount">Its rows, at consecutive positions.</param>
/// <param name="StartPosition">Absolute position of the first row.</param>
/// <param name="PageTableStart">Paged state: where the sequence's page table begins in <see cref="StepBatch.PageIds"/>.</param>
/// <param name="FirstPage">Logical index (position / PageTokens) of the first entry there: more than 0 when a sliding window has freed pages.</param>
/// <param name="PageTableLength">Entries of the page table.</param>
/// <param name="Slot">Recurrent state: the sequence's slot; -1 for paged models.</param>
public readonly record struct StepSegment(int FirstRow, int RowCount, int StartPosition, int PageTableStart, int FirstPage, int PageTableLength, int Slot);
