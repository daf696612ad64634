/// The template of `report.html`.
enum ReportPage {
    static let template = PageTemplate(
        """
        <header>
        <h1>{{{name}}}</h1>
        <p class="lead">{{{summary}}}</p>
        {{#warnings}}<p class="warning">{{{warning}}}</p>
        {{/warnings}}</header>
        <section class="tiles" aria-label="Headline">
        {{#tiles}}<div class="tile"><h3>{{{title}}}</h3><p class="soft">{{{meaning}}}</p>
        {{#resolved}}<div class="value">{{{tar}}} % <small>{{{interval}}}</small></div>{{/resolved}}
        {{^resolved}}<div class="value none">{{{tar}}}</div>{{/resolved}}
        {{#lines}}<p>{{{line}}}</p>
        {{/lines}}</div>
        {{/tiles}}</section>

        {{#operatingPoints}}{{> table}}{{/operatingPoints}}
        {{#thresholds}}{{> table}}{{/thresholds}}
        {{#overall}}{{> facts}}{{/overall}}

        {{#folded}}<h2>Folds</h2>
        {{> table}}{{/folded}}

        {{#identification}}<h2>Identification</h2>
        {{> table}}{{/identification}}
        <div class="figures">
        {{#searchCurves}}<figure>{{{svg}}}<figcaption>{{{caption}}}</figcaption></figure>
        {{/searchCurves}}</div>

        {{#hasCurves}}<h2>Curves</h2>
        <div class="figures">
        {{#roc}}<figure>{{{svg}}}<figcaption>{{{caption}}}</figcaption></figure>{{/roc}}
        {{#det}}<figure>{{{svg}}}<figcaption>{{{caption}}}</figcaption></figure>{{/det}}
        </div>{{/hasCurves}}

        {{#hasScores}}<h2>Scores and threshold</h2>
        <div class="figures">
        {{#scores}}<figure>{{{svg}}}<figcaption>{{{caption}}}</figcaption></figure>{{/scores}}
        {{#explorer}}<div class="explorer" id="explorer" hidden="">
        <label for="slider"><b>Move the threshold</b></label>
        <input id="slider" type="range" min="0" value="0" step="1"/>
        <div class="jumps" id="jumps"></div>
        <dl class="readout">
        <dt>Threshold</dt><dd><output id="threshold"></output></dd>
        <dt>FAR</dt><dd><output id="far"></output></dd>
        <dt>Impostors accepted</dt><dd><output id="impostors"></output></dd>
        <dt>TAR</dt><dd><output id="tar"></output></dd>
        <dt>Genuine accepted</dt><dd><output id="genuine"></output></dd>
        <dt>Genuine missed</dt><dd><output id="missed"></output></dd>
        </dl>
        <p><small>Each stop of the slider is a state of the data; its counts are exact.</small></p>
        </div>
        <noscript><p>The threshold explorer needs JavaScript, which this browser does not run.</p></noscript>
        <script type="application/json" id="states">{{{states}}}</script>{{/explorer}}
        </div>{{/hasScores}}

        {{#modes}}<h2>Every policy</h2>
        {{> table}}{{/modes}}

        {{#hardest}}<h2>Where it is most wrong</h2>
        <p>A label error or a wrong alignment shows here first. Comparisons are numbered from 0, as in scores.npy.</p>
        <h3>Impostors with the highest scores</h3>
        <div class="pairs">{{#impostor}}{{> pair}}{{/impostor}}</div>
        <h3>Genuine comparisons with the lowest scores</h3>
        <div class="pairs">{{#genuine}}{{> pair}}{{/genuine}}</div>{{/hardest}}

        {{#sheet}}<h2>Aligned faces</h2>
        <p>A sample of what the network sees: eyes, nose and mouth should stand in the same places.</p>
        <div class="sheet">
        {{#faces}}<figure><img src="{{{source}}}" alt="{{{image}}}" title="{{{image}}}"/>\
        <figcaption>{{{short}}}</figcaption></figure>
        {{/faces}}</div>{{/sheet}}

        <h2>What was evaluated</h2>
        <div class="columns">
        {{#checkpoint}}<div><h3>Network</h3>{{> facts}}</div>{{/checkpoint}}
        {{#preprocessing}}<div><h3>Preprocessing</h3>{{> facts}}</div>{{/preprocessing}}
        {{#policy}}<div><h3>Policy</h3>{{> facts}}</div>{{/policy}}
        {{#protocol}}<div><h3>Protocol</h3>{{> facts}}</div>{{/protocol}}
        </div>

        {{#failures}}<h2>Failures and findings</h2>
        {{#reasons}}<h3>{{{title}}}</h3>{{> facts}}{{/reasons}}
        {{#examples}}<h3>{{{title}}}</h3>{{> facts}}{{/examples}}
        {{#findings}}<h3>What the protocol's validation found</h3>
        <ul>{{#lines}}<li>{{{line}}}</li>{{/lines}}</ul>{{/findings}}
        {{/failures}}

        <h2>What the words mean</h2>
        {{#definitions}}{{> facts}}{{/definitions}}

        <h2>The run</h2>
        <div class="columns">
        {{#inputs}}<div><h3>Inputs</h3>{{> facts}}</div>{{/inputs}}
        {{#timing}}<div><h3>Timing</h3>{{> facts}}</div>{{/timing}}
        {{#environment}}<div><h3>Environment</h3>{{> facts}}</div>{{/environment}}
        </div>
        """,
        partials: PageShell.partials.merging(["pair": pair]) { first, _ in first }
    )

    private static let pair = """
        <div class="pair"><b>{{{score}}}</b> <span class="soft">comparison {{{comparison}}}</span>
        <div class="sides">{{#sides}}<div class="side">\
        {{#hasPicture}}<img src="{{{source}}}" alt="{{{alt}}}" width="112" height="112"/>{{/hasPicture}}
        template {{{template}}}{{#hasSubject}}<br/>subject {{{subject}}}{{/hasSubject}}\
        <br/><span class="soft" title="{{{allImages}}}">{{{images}}}</span></div>{{/sides}}</div></div>
        """
}
