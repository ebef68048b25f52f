namespace OrleansLM.Engine.Runtime.Loop;

/// <summary>Where the tokens that the newest steps choose are found by the steps that follow: a table [<see cref="Steps"/>, rows], whose rows serve the steps in turn.</summary>
internal static class ChoicePlace
{
    /// <summary>Steps whose choices are kept: more than are ever under way where steps follow each other.</summary>
    public const int Steps = 32;

    /// <summary>Row of the table for a step.</summary>
    public static int Slot(long step) => (int)(step % Steps);

    /// <summary>The place of the token that an entry of a step's logit rows chooses.</summary>
    /// <param name="step">Number of the step.</param>
    /// <param name="row">Entry of its logit rows.</param>
    /// <param name="maxRows">Rows of a step at most.</param>
    public static int Of(long step, int row, int maxRows) => Slot(step) * maxRows + row;
}
