namespace OrleansLM.Engine.Runtime.Links;

/// <summary>What a frame says. Values are on the wire: append only.</summary>
public enum FrameKind : ushort
{
    /// <summary>First frame of whoever dialled: who it is and what it wants, as JSON.</summary>
    Hello = 1,

    /// <summary>The answer: the link is open. The step field holds the receiver's window, in frames.</summary>
    Welcome = 2,

    /// <summary>The answer: no; the payload says why.</summary>
    Refused = 3,

    /// <summary>The answer is not ready; wait on.</summary>
    Wait = 4,

    /// <summary>Nothing but a sign of life.</summary>
    Ping = 5,

    /// <summary>The step field holds how many more frames may be sent.</summary>
    Credit = 6,

    /// <summary>The sender closes the link; the payload says why.</summary>
    Goodbye = 7,

    /// <summary>Batch, row requests and hidden states of a step, on its way to the next stage. Takes a credit, as all kinds from here on do.</summary>
    Step = 16,

    /// <summary>A stage failed in this step; the payload says why.</summary>
    StepFailed = 17,

    /// <summary>What the last stage chose.</summary>
    Result = 18,

    /// <summary>A page or slot of the state: its id, and the bytes of the layers that it has passed; each stage adds its own. The step field holds a negative number.</summary>
    ReadUnit = 19,

    /// <summary>A page or slot of the state: its id, and the bytes of the layers that it has not passed; each stage takes its own. The step field holds a negative number.</summary>
    WriteUnit = 20,
}
