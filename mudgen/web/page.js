(function () {
  "use strict";
  var form = document.getElementById("search");
  var input = document.getElementById("q");
  var shown = document.getElementById("shown");
  var rows = Array.prototype.slice.call(document.querySelectorAll("#names tbody tr"));
  var texts = rows.map(function (row) { return row.textContent.toLowerCase(); });

  function filter() {
    var words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    var n = 0;
    rows.forEach(function (row, i) {
      var hit = words.every(function (word) { return texts[i].indexOf(word) >= 0; });
      row.hidden = !hit;
      n += hit ? 1 : 0;
    });
    shown.textContent = n === rows.length ? n + " names" : n + " of " + rows.length + " names";
  }

  form.hidden = false;
  form.addEventListener("submit", function (event) { event.preventDefault(); });
  input.addEventListener("input", filter);
  filter();
})();
